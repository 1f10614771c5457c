import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A host has some tens of devices; those of containers come and go. */
const maxNames = 1000;
/** The kernel gives the numbers of a device that is detached to another. */
const nameFreshMillis = 60_000;
/** A device that has just come is named a moment later. */
const missFreshMillis = 10_000;

interface KnownName {
  readonly name: string | undefined;
  readonly freshUntil: number;
}

/** Names of block devices by their numbers, from `/sys/dev/block/MAJOR:MINOR/uevent`. */
export class DeviceNames {
  readonly #sysRoot: string;
  readonly #now: () => number;
  readonly #names = new Map<string, KnownName>();

  /** @param now milliseconds of a clock that never goes back. */
  constructor(sysRoot: string, now: () => number = () => performance.now()) {
    this.#sysRoot = sysRoot;
    this.#now = now;
  }

  /** The kernel's name, such as `sda1`; undefined where the host's `/sys` does not have it. */
  of(major: number, minor: number): string | undefined {
    const numbers = `${major}:${minor}`;
    const now = this.#now();
    const known = this.#names.get(numbers);
    if (known && now < known.freshUntil) return known.name;
    if (!known && this.#names.size >= maxNames) this.#names.clear();
    const name = this.#read(numbers);
    const freshMillis = name === undefined ? missFreshMillis : nameFreshMillis;
    this.#names.set(numbers, { name, freshUntil: now + freshMillis });
    return name;
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
