import { readFileSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';

/** Of what a user may watch, so much is left to other programs. */
const ownShare = 0.5;
/** The kernel's smallest default. */
const usualMax = 8192;

/** Watches on files and directories, no more than a share of what the host allows a user (`inotify(7)`). */
export class Watches {
  readonly #max: number;
  #count = 0;

  constructor(hostMax = readMax()) {
    this.#max = Math.floor(hostMax * ownShare);
  }

  /**
   * Calls back with the name of what changed: a file's own, or that of an entry which was made or removed in a directory.
   * Gives what ends that; undefined where there is none left, or the path is gone. Keeps no process running.
   */
  add(path: string, changed: (name: string) => void): (() => void) | undefined {
    const watcher = this.#count < this.#max ? watched(path, changed) : undefined;
    if (!watcher) return undefined;
    this.#count += 1;
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#count -= 1;
      watcher.close();
    };
    watcher.on('error', close);
    return close;
  }
}

function watched(path: string, changed: (name: string) => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, (_event, name) => changed(name ?? ''));
  } catch {
    // Gone, or other programs have taken what was left.
    return undefined;
  }
}

function readMax(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_user_watches', 'utf8')) || usualMax;
  } catch {
    // Another system than Linux.
    return usualMax;
  }
}
