import { join } from 'node:path';
import type { Integer, OptionalPart } from '../../model/sample.ts';
import type { DeviceNames } from '../kernel/device-names.ts';
import { OpenFile } from '../kernel/open-file.ts';
import type { DescriptorBudget } from '../kernel/open-file.ts';
import type { KernelText, Parsed } from '../kernel/kernel-text.ts';
import type { LowestLimits } from './cgroup-limits.ts';

/** What every read of one host shares. */
export interface SharedReading {
  readonly text: KernelText;
  readonly budget: DescriptorBudget;
  readonly devices: DeviceNames;
  readonly limits: LowestLimits;
  /** Parts that some metric needs; files of others are not opened. */
  readonly parts: ReadonlySet<OptionalPart>;
}

/** The files of one directory of a cgroup. */
export class CgroupFiles {
  readonly directory: string;
  readonly #shared: SharedReading;
  readonly #files = new Map<string, OpenFile>();
  #isGone = false;
  /** Made anew when it changes, which is seldom. */
  #unreadable: readonly string[] = [];

  constructor(directory: string, shared: SharedReading) {
    this.directory = directory;
    this.#shared = shared;
  }

  /** True once the kernel has removed the cgroup. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Names of files that may not be read, or could not be the last time. */
  get unreadable(): readonly string[] {
    return this.#unreadable;
  }

  /** True for a file that was read, and found not to be there: neither closed to us nor kept from us by an error. */
  isAbsent(name: string): boolean {
    return this.#files.get(name)?.outcome === 'absent';
  }

  /** Reads a file into the shared text; undefined where there is nothing to read. */
  text(name: string): KernelText | undefined {
    let file = this.#files.get(name);
    if (!file) this.#files.set(name, (file = new OpenFile(join(this.directory, name), this.#shared.budget)));
    const outcome = file.read(this.#shared.text);
    if (outcome === 'gone') this.#isGone = true;
    this.#note(name, outcome === 'denied' || outcome === 'failed');
    return outcome === 'read' ? this.#shared.text : undefined;
  }

  /** The only value of a file; undefined for `max`. */
  integer(name: string): Integer | undefined {
    return this.text(name)?.singleInteger();
  }

  /** What is parsed of a file; undefined where there is nothing to read. */
  parsed<T>(name: string, known: Parsed<T>, parse: (text: KernelText) => T): T | undefined {
    const text = this.text(name);
    return text && known.of(text, parse);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  #note(name: string, isUnreadable: boolean): void {
    if (!isUnreadable && this.#unreadable.length === 0) return;
    if (isUnreadable === this.#unreadable.includes(name)) return;
    this.#unreadable = isUnreadable
      ? [...this.#unreadable, name]
      : this.#unreadable.filter((each) => each !== name);
  }
}
