import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOwner } from '../../../../src/tracker/container/network-owner.ts';

/** The id of the owner among containers whose network modes are given by id. */
function ownerOf(id: string, modes: Readonly<Record<string, string | undefined>>): string | undefined {
  const entries = Object.entries(modes).map(
    ([each, networkMode]) => [each, { id: each, networkMode }] as const,
  );
  const containers = new Map(entries);
  const container = containers.get(id);
  assert.ok(container);
  return networkOwner(container, containers)?.id;
}

test('a network of its own, of the host or of nobody is the container’s own', () => {
  for (const mode of ['bridge', 'host', 'none', 'default', '', undefined])
    assert.equal(ownerOf('a', { a: mode }), 'a', mode);
});

test('a chain is followed to its end', () => {
  const modes = { a: 'container:b', b: 'container:c', c: 'bridge' };
  assert.deepEqual([ownerOf('a', modes), ownerOf('b', modes), ownerOf('c', modes)], ['c', 'c', 'c']);
});

test('who is not there, and a chain without end, own nothing', () => {
  assert.equal(ownerOf('a', { a: 'container:gone' }), undefined);
  assert.equal(ownerOf('a', { a: 'container:b', b: 'container:gone' }), undefined);
  assert.equal(ownerOf('a', { a: 'container:a' }), undefined);
  assert.equal(ownerOf('a', { a: 'container:b', b: 'container:c', c: 'container:b' }), undefined);
});
