import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A host has some tens of devices; those of containers come and go. */
const maxNames = 1000;

/** Names of block devices by their numbers, from `/sys/dev/block/MAJOR:MINOR/uevent`. */
export class DeviceNames {
  readonly #sysRoot: string;
  readonly #names = new Map<string, string | undefined>();

  constructor(sysRoot: string) {
    this.#sysRoot = sysRoot;
  }

  /** The kernel's name, such as `sda1`; undefined where the host's `/sys` does not have it. */
  of(major: number, minor: number): string | undefined {
    const numbers = `${major}:${minor}`;
    if (!this.#names.has(numbers)) {
      if (this.#names.size >= maxNames) this.#names.clear();
      this.#names.set(numbers, this.#read(numbers));
    }
    return this.#names.get(numbers);
  }

  #read(numbers: string): string | undefined {
    try {
      const content = readFileSync(join(this.#sysRoot, 'dev/block', numbers, 'uevent'), 'utf8');
      return /^DEVNAME=(\S+)$/m.exec(content)?.[1];
    } catch {
      // Detached meanwhile, or no such tree.
      return undefined;
    }
  }
}
