import { closeSync, constants, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelText } from './kernel-text.ts';
import { readOnce } from './kept-file.ts';
import type { ReadOutcome } from './kept-file.ts';

/**
 * One process, held by a descriptor of its directory in `/proc`: files are opened through it, and once the process has
 * ended there are none, whoever has its pid by then. The directory pins neither the process nor its namespaces.
 */
export class ProcessHandle {
  readonly pid: number;
  readonly #fd: number;

  private constructor(pid: number, fd: number) {
    this.pid = pid;
    this.#fd = fd;
  }

  /** Undefined where there is no such process, or this `/proc` does not show it. */
  static open(procRoot: string, pid: number): ProcessHandle | undefined {
    try {
      return new ProcessHandle(
        pid,
        openSync(join(procRoot, `${pid}`), constants.O_RDONLY | constants.O_DIRECTORY),
      );
    } catch {
      return undefined;
    }
  }

  /** Reads a file of the process once. Never throws. */
  read(name: string, text: KernelText): ReadOutcome {
    // The kernel resolves this link to the directory itself, so to this process or to none.
    return readOnce(`/proc/self/fd/${this.#fd}/${name}`, text, false);
  }

  /** Inode of one of its files, by which namespaces can be compared; undefined where it cannot be read. */
  inode(name: string): number | undefined {
    try {
      return statSync(`/proc/self/fd/${this.#fd}/${name}`).ino;
    } catch {
      // The process has ended, or is not to be looked into.
      return undefined;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
