import { closeSync, constants, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelText } from './kernel-text.ts';

/** Bounds the descriptors that stay open: beyond it files are opened for each read. */
export class DescriptorBudget {
  readonly #max: number;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Descriptors that are kept. */
  get count(): number {
    return this.#count;
  }

  /** True where one more may be kept. */
  take(): boolean {
    if (this.#count >= this.#max) return false;
    this.#count += 1;
    return true;
  }

  release(): void {
    this.#count -= 1;
  }
}

/** Outcome of reading a file: `absent` where there is none, `gone` once its cgroup is removed, `denied`, or `failed`. */
export type ReadOutcome = 'read' | 'absent' | 'gone' | 'denied' | 'failed';

const outcomes: Readonly<Record<string, ReadOutcome>> = {
  ENOENT: 'absent',
  ENOTDIR: 'absent',
  ENODEV: 'gone',
  ESRCH: 'gone',
  EACCES: 'denied',
  EPERM: 'denied',
  // A controller that is built in and switched off.
  EOPNOTSUPP: 'absent',
};

/** One file that is read again and again, by a descriptor that stays open where the budget has room. */
export class OpenFile {
  readonly path: string;
  readonly #budget: DescriptorBudget;
  #fd: number | undefined;
  #outcome: ReadOutcome | undefined;

  constructor(path: string, budget: DescriptorBudget) {
    this.path = path;
    this.#budget = budget;
  }

  /** Outcome of the last read; undefined before the first. */
  get outcome(): ReadOutcome | undefined {
    return this.#outcome;
  }

  /** Reads it whole; what was found absent or denied once is not tried again. Never throws. */
  read(text: KernelText): ReadOutcome {
    if (this.#outcome === 'absent' || this.#outcome === 'denied') return this.#outcome;
    return (this.#outcome = this.#tryRead(text));
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    this.#budget.release();
  }

  #tryRead(text: KernelText): ReadOutcome {
    if (this.#fd !== undefined) return readOpen(this.#fd, text);
    const fd = opened(this.path);
    if (typeof fd !== 'number') return fd;
    const outcome = readOpen(fd, text);
    if (outcome === 'read' && this.#budget.take()) this.#fd = fd;
    else closeSync(fd);
    return outcome;
  }
}

/** Reads a file once, without keeping its descriptor. Never throws. */
export function readOnce(path: string, text: KernelText, isSingle = true): ReadOutcome {
  const fd = opened(path);
  if (typeof fd !== 'number') return fd;
  const outcome = readOpen(fd, text, isSingle);
  closeSync(fd);
  return outcome;
}

/** The content of a file that is read seldom; undefined where it is not there, as on another system than Linux, or closed to us. */
export function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Names of what is in a directory; none where it is not there, as one that was removed meanwhile, or closed to us. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}

/** Names of the directories in a directory, as {@link namesIn} has them. */
export function directoriesIn(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
  } catch {
    return [];
  }
}

/** Its descriptor, or why there is none. */
function opened(path: string): number | ReadOutcome {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    return outcomeOf(thrown);
  }
}

function readOpen(fd: number, text: KernelText, isSingle = true): ReadOutcome {
  try {
    text.read(fd, isSingle);
    return 'read';
  } catch (thrown) {
    return outcomeOf(thrown);
  }
}

/** What an error of the system says of a file. */
function outcomeOf(thrown: unknown): ReadOutcome {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return outcomes[code] ?? 'failed';
}

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

  /** `none` where there is no such process, or this `/proc` does not show it; `failed` where nothing can be opened now. */
  static open(procRoot: string, pid: number): ProcessHandle | 'none' | 'failed' {
    try {
      return new ProcessHandle(
        pid,
        openSync(join(procRoot, `${pid}`), constants.O_RDONLY | constants.O_DIRECTORY),
      );
    } catch (thrown) {
      return outcomeOf(thrown) === 'failed' ? 'failed' : 'none';
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
