import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const changelog = readFileSync(join(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8');

// Git joins the lines of both sides, and so doubles one that was moved on either.
test('no change of a release is listed twice', () => {
  for (const release of changelog.split(/^## /m).slice(1)) {
    const changes = release.split('\n').filter((line) => line.startsWith('- '));
    assert.ok(changes.length > 0);
    const repeated = changes.filter((line, index) => changes.indexOf(line) < index);
    assert.deepEqual(repeated, []);
  }
});
