import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CpuUsage, Integer } from '../../model/sample.ts';
import { present } from '../json.ts';
import { KernelText, times } from './kernel-text.ts';
import { readOnce } from './open-file.ts';

const memoryFreshMillis = 60_000;
const clockTicksEntry = 17n;
/** The kernel's own since 2.4 on every platform that Node runs on. */
const usualTicksPerSecond = 100;
/** user, nice, system, idle, iowait, irq, softirq: the columns that Docker Engine adds up; steal and guest are not among them. */
const cpuColumns = 7;

/** Ticks a second by the auxiliary vector (`getauxval(3)`, AT_CLKTCK) of this process. */
export function clockTicks(auxiliary = readAuxiliary()): number {
  const view = new DataView(auxiliary.buffer, auxiliary.byteOffset, auxiliary.byteLength);
  for (let at = 0; at + 16 <= auxiliary.byteLength; at += 16) {
    if (view.getBigUint64(at, true) === clockTicksEntry) return Number(view.getBigUint64(at + 8, true));
  }
  return usualTicksPerSecond;
}

function readAuxiliary(): Buffer {
  try {
    return readFileSync('/proc/self/auxv');
  } catch {
    // Another system than Linux.
    return Buffer.alloc(0);
  }
}

/** The host's own values of one round. */
export interface HostFacts {
  /** CPU time over all CPUs and their number, as a runtime gives them beside a container's. */
  readonly cpu: Pick<CpuUsage, 'systemNanos' | 'onlineCpus'>;
  readonly memoryBytes?: number;
  /** Kernel ticks a second. */
  readonly ticksPerSecond: number;
}

const cpu = Buffer.from('cpu');

/** Reads the host's own values for a round. */
export class HostFiles {
  readonly #procRoot: string;
  readonly #text: KernelText;
  readonly #ticksPerSecond: number;
  #memory: { readonly bytes: number | undefined; readonly readAt: number } | undefined;

  constructor(procRoot: string, text = new KernelText(), ticksPerSecond = clockTicks()) {
    this.#procRoot = procRoot;
    this.#text = text;
    this.#ticksPerSecond = ticksPerSecond;
  }

  /** What cannot be read is absent. @param now milliseconds of a clock that never goes back. */
  read(now: number): HostFacts {
    // Memory may be added to a machine that runs, but not often.
    if (!this.#memory || now - this.#memory.readAt > memoryFreshMillis)
      this.#memory = { bytes: this.#memoryBytes(), readAt: now };
    const { bytes: memoryBytes } = this.#memory;
    return {
      cpu: this.#cpu(),
      ...(memoryBytes !== undefined && { memoryBytes }),
      ticksPerSecond: this.#ticksPerSecond,
    };
  }

  #cpu(): HostFacts['cpu'] {
    const text = this.#text;
    if (readOnce(join(this.#procRoot, 'stat'), text, false) !== 'read' || !text.accepts(cpu)) return {};
    let ticks: Integer | undefined = 0;
    text.skipSpaces();
    for (let column = 0; column < cpuColumns && ticks !== undefined; column += 1) {
      const value = text.integer();
      ticks = value === undefined ? undefined : Number(ticks) + Number(value);
    }
    let onlineCpus = 0;
    for (text.nextLine(); text.accepts(cpu); text.nextLine()) onlineCpus += 1;
    return present<HostFacts['cpu']>({
      systemNanos: ticks === undefined ? undefined : times(ticks, 1e9 / this.#ticksPerSecond),
      onlineCpus: onlineCpus > 0 ? onlineCpus : undefined,
    });
  }

  #memoryBytes(): number | undefined {
    const text = this.#text;
    if (readOnce(join(this.#procRoot, 'meminfo'), text, false) !== 'read') return undefined;
    const kilobytes = /^MemTotal:\s+(\d+) kB$/m.exec(text.content)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  }
}
