import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImageReference } from '../../../src/sources/image-reference.ts';

const digits = 'a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4';
const id = `sha256:${digits}`;
const digest = `sha256:${'0'.repeat(64)}`;

const cases: readonly [reference: string, name: string | undefined, tags: string[], digests: string[]][] = [
  ['nginx', 'nginx', [], []],
  ['nginx:1.27', 'nginx', ['1.27'], []],
  ['team/app:v1', 'team/app', ['v1'], []],
  ['registry.example:5000/team/app', 'registry.example:5000/team/app', [], []],
  ['registry.example:5000/team/app:1.2', 'registry.example:5000/team/app', ['1.2'], []],
  ['localhost:5000/app', 'localhost:5000/app', [], []],
  ['[::1]:5000/app:2', '[::1]:5000/app', ['2'], []],
  [`nginx@${digest}`, 'nginx', [], [`nginx@${digest}`]],
  [`registry:5000/app:1.2@${digest}`, 'registry:5000/app', ['1.2'], [`registry:5000/app@${digest}`]],
  [id, undefined, [], []],
  [digits, undefined, [], []],
  [digits.slice(0, 12), undefined, [], []],
  // Twelve hexadecimal digits that are not this image's id: a name.
  ['deadbeef0000', 'deadbeef0000', [], []],
  ['cafe', 'cafe', [], []],
  ['nginx:', 'nginx', [], []],
  ['@', undefined, [], []],
];

for (const [reference, name, tags, repoDigests] of cases) {
  test(`${reference.slice(0, 60)} is ${name ?? 'no name'}`, () => {
    const image = parseImageReference(reference, id);
    assert.deepEqual([image.name, image.tags, image.repoDigests], [name, tags, repoDigests]);
    assert.deepEqual([image.reference, image.id], [reference, id]);
  });
}

test('without a reference there is the id, without an id the reference', () => {
  assert.deepEqual(parseImageReference(undefined, id), { tags: [], id, repoDigests: [] });
  assert.deepEqual(parseImageReference('', ''), { tags: [], repoDigests: [] });
  assert.equal(parseImageReference('nginx', undefined).name, 'nginx');
});
