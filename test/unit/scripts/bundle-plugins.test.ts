import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asciiOnly } from '../../../scripts/bundle-plugins.ts';

test('what is beyond ASCII becomes escapes that mean the same', () => {
  assert.equal(asciiOnly('/^µs$/'), String.raw`/^\u00b5s$/`);
  assert.equal(asciiOnly('"…😀"'), String.raw`"\u2026\ud83d\ude00"`);
  assert.equal(JSON.parse(asciiOnly('"…😀"')), '…😀');
  assert.equal(asciiOnly('const a = "\\u00b5";\n'), 'const a = "\\u00b5";\n');
});
