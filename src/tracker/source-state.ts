import type { Log } from '../log.ts';
import type { EngineDescription } from '../model/runtime.ts';
import type { EngineCalls } from './source-calls.ts';

/** Logged when its kind changes, not once per probe. */
export interface Failure {
  readonly kind: 'engine does not answer' | 'engine answers too slowly';
  readonly reason: string;
}

/** Whether the last probe of an engine went well; logs each change for the worse or the better once. */
export class EngineHealth {
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

  succeeded({ name, runtimeVersion }: EngineDescription, containers: number): void {
    if (this.#failure !== undefined || !this.#hasAnswered)
      this.#log.info({ engine: name, version: runtimeVersion, containers }, 'engine answers');
    this.#failure = undefined;
    this.#hasAnswered = true;
  }

  failed({ name }: EngineDescription, failure: Failure): void {
    const fields = { engine: name, error: failure.reason };
    if (this.#failure?.kind === failure.kind) this.#log.debug(fields, `still: ${failure.kind}`);
    else this.#log.warn(fields, failure.kind);
    this.#failure = failure;
  }
}

/** The engine's version and host are asked again this often, and after each failure. */
const maxAgeMillis = 10 * 60_000;

/** An engine as it last described itself. */
export class DescribedEngine {
  #engine: EngineDescription;
  #describedAt = Number.NEGATIVE_INFINITY;

  constructor(name: string) {
    this.#engine = { name, runtimeName: 'docker', warnings: [] };
  }

  /** Before its first answer no more than its name. */
  get engine(): EngineDescription {
    return this.#engine;
  }

  /** Asks it, where its last answer is old. Throws SourceError. */
  async refresh(calls: EngineCalls, monotonicMillis: number): Promise<void> {
    if (monotonicMillis - this.#describedAt < maxAgeMillis) return;
    this.#engine = await calls.describe();
    this.#describedAt = monotonicMillis;
  }

  /** It may be another one by now. */
  doubt(): void {
    this.#describedAt = Number.NEGATIVE_INFINITY;
  }
}
