import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsNetwork, networkOwner } from '../../../../src/tracker/container/container-tracker.ts';

/** Containers by id, each with the id of the container whose network it joined. */
type Owners = Readonly<Record<string, string | undefined>>;

function containersOf(owners: Owners) {
  return new Map(Object.entries(owners).map(([id, networkOwnerId]) => [id, { id, networkOwnerId }] as const));
}

function ownerOf(id: string, owners: Owners) {
  const containers = containersOf(owners);
  const container = containers.get(id) ?? assert.fail();
  const owner = networkOwner(container, containers);
  return owner && { id: owner.id, isTracked: owner.container !== undefined };
}

function counting(owners: Owners): readonly string[] {
  const containers = containersOf(owners);
  return [...containers.values()].filter((each) => countsNetwork(each, containers)).map(({ id }) => id);
}

test('a network of its own is the container’s own', () => {
  assert.deepEqual(ownerOf('a', { a: undefined }), { id: 'a', isTracked: true });
});

test('a chain is followed to its end', () => {
  const owners = { a: 'b', b: 'c', c: undefined };
  for (const id of ['a', 'b', 'c']) assert.deepEqual(ownerOf(id, owners), { id: 'c', isTracked: true });
});

test('an owner that is not tracked is known by its id; a chain without end has none', () => {
  assert.deepEqual(ownerOf('a', { a: 'gone' }), { id: 'gone', isTracked: false });
  assert.deepEqual(ownerOf('a', { a: 'b', b: 'gone' }), { id: 'gone', isTracked: false });
  assert.equal(ownerOf('a', { a: 'a' }), undefined);
  assert.equal(ownerOf('a', { a: 'b', b: 'c', c: 'b' }), undefined);
});

test('each namespace is counted once: at its owner, or at the first of those whose owner is not tracked', () => {
  assert.deepEqual(counting({ pause: undefined, app: 'pause', log: 'app', db: undefined }), ['pause', 'db']);
  assert.deepEqual(counting({ app2: 'gone', app1: 'gone', db: undefined }), ['app1', 'db']);
});
