import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cpuSeconds, residentMebibytes } from '../processes.ts';
import type { FloorValues } from '../results.ts';
import { message } from '../runtimes.ts';
import type { RuntimeUnderTest } from '../runtimes.ts';

/** The floor in a process of its own, which reads when it is asked to. */
export class FloorProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #filesPerContainer: number;
  readonly #cpuSeconds: number[] = [];

  private constructor(child: ChildProcess, filesPerContainer: number) {
    this.#child = child;
    this.#filesPerContainer = filesPerContainer;
  }

  /** Starts it; it has read once when the promise resolves. */
  static async start({ socket }: RuntimeUnderTest): Promise<FloorProcess> {
    const child = fork(join(import.meta.dirname, '../floor-process.ts'), [socket]);
    const { filesPerContainer } = await message<{ filesPerContainer: number }>(child);
    return new FloorProcess(child, filesPerContainer);
  }

  /** Lets it read once, and keeps what that took of the CPU. */
  async measureRead(): Promise<void> {
    const before = cpuSeconds(this.#child.pid ?? 0);
    const done = message(this.#child);
    this.#child.send('read');
    await done;
    this.#cpuSeconds.push(cpuSeconds(this.#child.pid ?? 0) - before);
  }

  get values(): FloorValues {
    return {
      cpuSeconds: this.#cpuSeconds,
      filesPerContainer: this.#filesPerContainer,
      residentMebibytes: residentMebibytes(this.#child.pid ?? 0),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
