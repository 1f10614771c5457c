import type { Log } from '../log.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { SourceCalls } from './source-calls.ts';

/** Logged when its kind changes, not once per probe. */
export interface Failure {
  readonly kind: 'runtime does not answer' | 'runtime answers too slowly';
  readonly reason: string;
}

/** Whether the last probe of a runtime went well; logs each change for the worse or the better once. */
export class SourceHealth {
  readonly #log: Log;
  #failure: Failure | undefined;
  #hasAnswered = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Why the last probe failed; absent when it did not. */
  get failure(): string | undefined {
    return this.#failure?.reason;
  }

  succeeded({ name, runtimeVersion }: RuntimeDescription, containers: number): void {
    if (this.#failure !== undefined || !this.#hasAnswered)
      this.#log.info({ runtime: name, version: runtimeVersion, containers }, 'runtime answers');
    this.#failure = undefined;
    this.#hasAnswered = true;
  }

  failed({ name }: RuntimeDescription, failure: Failure): void {
    const fields = { runtime: name, error: failure.reason };
    if (this.#failure?.kind === failure.kind) this.#log.debug(fields, `still: ${failure.kind}`);
    else this.#log.warn(fields, failure.kind);
    this.#failure = failure;
  }
}

/** The runtime's version and host are asked again this often, and after each failure. */
const maxAgeMillis = 10 * 60_000;

/** A runtime as it last described itself. */
export class DescribedRuntime {
  #runtime: RuntimeDescription;
  #describedAt = Number.NEGATIVE_INFINITY;

  constructor(name: string) {
    this.#runtime = { name, runtimeName: 'docker', warnings: [] };
  }

  /** Before its first answer no more than its name. */
  get runtime(): RuntimeDescription {
    return this.#runtime;
  }

  /** Asks it, where its last answer is old. Throws SourceError. */
  async refresh(calls: SourceCalls, monotonicMillis: number): Promise<void> {
    if (monotonicMillis - this.#describedAt < maxAgeMillis) return;
    this.#runtime = await calls.describe();
    this.#describedAt = monotonicMillis;
  }

  /** It may be another one by now. */
  doubt(): void {
    this.#describedAt = Number.NEGATIVE_INFINITY;
  }
}
