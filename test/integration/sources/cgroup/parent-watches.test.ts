import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ParentWatches } from '../../../../src/sources/cgroup/parent-watches.ts';
import { Watches } from '../../../../src/sources/kernel/watches.ts';

/** A tree of its own with one parent, and what was noticed in it. */
class Tree implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tidegauge-parents-'));
  readonly watchers: FSWatcher[] = [];
  readonly noticed: string[] = [];
  readonly parents: ParentWatches;

  /** @param watched what is watched in place of a path: its own, where its changes are to be announced. */
  constructor(watched: (path: string) => string) {
    for (const name of ['docker', 'silent', 'docker/c-0']) mkdirSync(join(this.folder, name));
    const watchPath = (path: string, ...others: readonly unknown[]): FSWatcher => {
      const watcher: FSWatcher = Reflect.apply(watch, undefined, [watched(path), ...others]);
      this.watchers.push(watcher);
      return watcher;
    };
    this.parents = new ParentWatches({
      // Of the forms of Node's function the agent uses the one.
      watches: new Watches(100, watchPath as typeof watch),
      directory: this.folder,
      isContainer: (name) => name.startsWith('c-'),
      noticed: (path, name) => this.noticed.push(`${path}/${name}`),
    });
    this.parents.add('/docker');
  }

  make(name: string): void {
    mkdirSync(join(this.folder, 'docker', name));
  }

  [Symbol.dispose](): void {
    this.parents.close();
    rmSync(this.folder, { recursive: true });
  }
}

test('what the kernel did not announce is noticed at the next round, once, and what was there before is not', () => {
  using tree = new Tree((path) => join(path, '../silent'));
  tree.parents.refresh();
  assert.deepEqual(tree.noticed, []);
  tree.make('c-1');
  tree.make('other');
  tree.parents.refresh();
  tree.parents.refresh();
  assert.deepEqual(tree.noticed, ['/docker/c-1']);
});

test('a parent whose watch has ended by an error is watched again at the next round, and listed', () => {
  using tree = new Tree((path) => path);
  const [first] = tree.watchers;
  first?.emit('error', new Error('lost'));
  // As many as before: the number of links says nothing.
  rmdirSync(join(tree.folder, 'docker/c-0'));
  tree.make('c-1');
  tree.parents.refresh();
  tree.parents.refresh();
  assert.deepEqual(tree.noticed, ['/docker/c-1']);
  assert.equal(tree.watchers.length, 2);
});

test('a parent that is gone is let go of, and may come again', () => {
  using tree = new Tree((path) => join(path, '../silent'));
  rmSync(join(tree.folder, 'docker'), { recursive: true });
  tree.parents.refresh();
  mkdirSync(join(tree.folder, 'docker'));
  tree.make('c-1');
  tree.parents.add('/docker');
  tree.make('c-2');
  tree.parents.refresh();
  assert.deepEqual(tree.noticed, ['/docker/c-2']);
});
