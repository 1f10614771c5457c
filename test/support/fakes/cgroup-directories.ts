import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Directories with marker files, where paths alone matter. */
export class CgroupDirectories implements Disposable {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'tidegauge-cgroups-')));

  /** The tree of version 2 below the root, or at a directory in it, with these cgroups. */
  unified(paths: readonly string[], directory = ''): this {
    this.#tree(directory, 'cgroup.controllers', paths);
    return this;
  }

  /** A tree of version 1 with these cgroups. */
  v1(directory: string, paths: readonly string[]): this {
    this.#tree(directory, 'cgroup.procs', paths);
    return this;
  }

  /** Processes of a cgroup. */
  processes(path: string, ...pids: readonly number[]): this {
    this.write(join(path, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
    return this;
  }

  link(name: string, to: string): this {
    symlinkSync(to, join(this.root, name));
    return this;
  }

  at(path: string): string {
    return join(this.root, path);
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
  }

  #tree(directory: string, marker: string, paths: readonly string[]): void {
    this.write(join(directory, marker), '');
    for (const path of paths) this.write(join(directory, path, marker), '');
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
