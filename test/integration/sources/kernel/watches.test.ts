import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Watches } from '../../../../src/sources/kernel/open-file.ts';

/** A directory of this test alone. */
function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'tidegauge-watches-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test('a change of a file and a new entry of a directory are announced by their names', async () => {
  using directory = folder();
  const file = join(directory.path, 'events');
  writeFileSync(file, '1');
  const watches = new Watches();
  for (const [path, expected, change] of [
    [file, 'events', () => writeFileSync(file, '0')],
    [directory.path, 'made', () => mkdirSync(join(directory.path, 'made'))],
  ] as const) {
    const name = await new Promise<string>((resolve) => {
      assert.ok(watches.add(path, resolve));
      change();
    });
    // The file is in the directory, and may change once more.
    assert.ok([expected, 'events'].includes(name), name);
  }
});

test('half of what the host allows is left to others; what was closed is free again', () => {
  using directory = folder();
  const watches = new Watches(4);
  const add = (): (() => void) | undefined => watches.add(directory.path, () => undefined);
  const [first, second] = [add(), add()];
  assert.ok(first && second);
  assert.equal(add(), undefined);
  first();
  first();
  assert.ok(add());
  assert.equal(add(), undefined, 'closed twice, it is free once');
  assert.equal(
    new Watches().add(join(directory.path, 'none'), () => undefined),
    undefined,
  );
});
