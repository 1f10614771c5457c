import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { contentOf } from './open-file.ts';

/** Of what a user may watch, so much is left to other programs. */
const ownShare = 0.5;
/** The kernel's smallest default. */
const usualMax = 8192;

/** Watches on files and directories, no more than a share of what the host allows a user (`inotify(7)`). */
export class Watches {
  readonly #max: number;
  readonly #watch: typeof watch;
  #count = 0;

  /** @param watchPath Node's own, or one that fails. */
  constructor(hostMax = readMax(), watchPath = watch) {
    this.#max = Math.floor(hostMax * ownShare);
    this.#watch = watchPath;
  }

  /**
   * Calls back with the name of what changed: a file's own, or that of an entry which was made or removed in a directory.
   * Gives what ends that; undefined where there is none left, or the path is gone. Keeps no process running.
   * @param lost called when the watch has ended by an error.
   */
  add(path: string, changed: (name: string) => void, lost: () => void): (() => void) | undefined {
    const watcher = this.#count < this.#max ? this.#watched(path, changed) : undefined;
    if (!watcher) return undefined;
    this.#count += 1;
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#count -= 1;
      watcher.close();
    };
    watcher.on('error', () => {
      if (isOpen) lost();
      close();
    });
    return close;
  }

  #watched(path: string, changed: (name: string) => void): FSWatcher | undefined {
    try {
      return this.#watch(path, { persistent: false }, (_event, name) => changed(name ?? ''));
    } catch {
      // Gone, or other programs have taken what was left.
      return undefined;
    }
  }
}

function readMax(): number {
  return Number(contentOf('/proc/sys/fs/inotify/max_user_watches')) || usualMax;
}
