import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkOwners } from '../../../../src/tracker/container/network-owners.ts';

/** Containers by id, each with the id of the container whose network it joined. */
type Owners = Readonly<Record<string, string | undefined>>;

function containersOf(owners: Owners) {
  return new Map(Object.entries(owners).map(([id, networkOwnerId]) => [id, { id, networkOwnerId }] as const));
}

function ownerOf(id: string, owners: Owners) {
  const containers = containersOf(owners);
  const container = containers.get(id) ?? assert.fail();
  const owner = new NetworkOwners(containers).of(container);
  return { id: owner.id, isTracked: owner.container !== undefined };
}

function counting(owners: Owners): readonly string[] {
  const containers = containersOf(owners);
  const network = new NetworkOwners(containers);
  return [...containers.values()].filter((each) => network.isCountedAt(each)).map(({ id }) => id);
}

test('a network of its own is the container’s own', () => {
  assert.deepEqual(ownerOf('a', { a: undefined }), { id: 'a', isTracked: true });
});

test('a chain is followed to its end', () => {
  const owners = { a: 'b', b: 'c', c: undefined };
  for (const id of ['a', 'b', 'c']) assert.deepEqual(ownerOf(id, owners), { id: 'c', isTracked: true });
});

test('an owner that is not tracked is known by its id', () => {
  assert.deepEqual(ownerOf('a', { a: 'gone' }), { id: 'gone', isTracked: false });
  assert.deepEqual(ownerOf('a', { a: 'b', b: 'gone' }), { id: 'gone', isTracked: false });
});

test('each namespace is counted once: at its owner, or at the first of those whose owner is not tracked', () => {
  assert.deepEqual(counting({ pause: undefined, app: 'pause', log: 'app', db: undefined }), ['pause', 'db']);
  assert.deepEqual(counting({ app2: 'gone', app1: 'gone', db: undefined }), ['app1', 'db']);
});

test('containers that joined each other are counted once, at the first by id', () => {
  assert.deepEqual(counting({ a: 'a' }), ['a']);
  assert.deepEqual(counting({ b: 'a', a: 'b', db: undefined }), ['a', 'db']);
  assert.deepEqual(counting({ c: 'a', b: 'c', a: 'b' }), ['a']);
  assert.deepEqual(counting({ d: 'c', c: 'b', b: 'c' }), ['b']);
  assert.deepEqual(counting({ a: 'c', c: 'b', b: 'c' }), ['a']);
  for (const id of ['a', 'b', 'c'])
    assert.deepEqual(ownerOf(id, { a: 'c', c: 'b', b: 'c' }), { id: 'b', isTracked: false });
});

/** Counts how often the containers' owners are read, which is what a search costs. */
function readsOf(owners: Owners): { reads: number; counted: number } {
  let reads = 0;
  const containers = new Map(
    Object.entries(owners).map(([id, owner]) => [
      id,
      {
        id,
        get networkOwnerId() {
          reads += 1;
          return owner;
        },
      },
    ]),
  );
  const network = new NetworkOwners(containers);
  const counted = [...containers.values()].filter((each) => network.isCountedAt(each)).length;
  return { reads, counted };
}

const many = Array.from({ length: 2000 }, (_, index) => index);
const shapes: Readonly<Record<string, { owners: Owners; counted: number }>> = {
  'an untracked owner each': {
    owners: Object.fromEntries(many.map((index) => [`c${index}`, `gone${index}`])),
    counted: many.length,
  },
  'one untracked owner': {
    owners: Object.fromEntries(many.map((index) => [`c${index}`, 'gone'])),
    counted: 1,
  },
  'one chain': {
    owners: Object.fromEntries(many.map((index) => [`c${index}`, `c${index + 1}`])),
    counted: 1,
  },
  'one ring': {
    owners: Object.fromEntries(many.map((index) => [`c${index}`, `c${(index + 1) % many.length}`])),
    counted: 1,
  },
};

for (const [shape, { owners, counted }] of Object.entries(shapes)) {
  test(`the search is linear in the number of containers: ${shape}`, () => {
    const found = readsOf(owners);
    assert.equal(found.counted, counted);
    assert.ok(found.reads <= 10 * many.length, `${found.reads} reads`);
  });
}
