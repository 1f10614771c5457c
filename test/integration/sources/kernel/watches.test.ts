import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Watches } from '../../../../src/sources/kernel/watches.ts';

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
      assert.ok(watches.add(path, resolve, assert.fail));
      change();
    });
    // The file is in the directory, and may change once more.
    assert.ok([expected, 'events'].includes(name), name);
  }
});

test('half of what the host allows is left to others; what was closed is free again', () => {
  using directory = folder();
  const watches = new Watches(4);
  const add = (): (() => void) | undefined => watches.add(directory.path, () => undefined, assert.fail);
  const [first, second] = [add(), add()];
  assert.ok(first && second);
  assert.equal(add(), undefined);
  first();
  first();
  assert.ok(add());
  assert.equal(add(), undefined, 'closed twice, it is free once');
  assert.equal(
    new Watches().add(join(directory.path, 'none'), () => undefined, assert.fail),
    undefined,
  );
});

test('a watch that ends by an error says so once, and is free again', () => {
  using directory = folder();
  const watchers: FSWatcher[] = [];
  const watches = new Watches(2, ((path: string) => {
    const watcher = watch(path, { persistent: false });
    watchers.push(watcher);
    return watcher;
  }) as typeof watch);
  let lost = 0;
  const add = () => watches.add(directory.path, assert.fail, () => (lost += 1));
  const close = add();
  assert.equal(add(), undefined);
  for (const message of ['first', 'second']) watchers[0]?.emit('error', new Error(message));
  close?.();
  assert.equal(lost, 1);
  add()?.();
  assert.equal(lost, 1, 'closed by its owner, it is not lost');
});
