import type { Log } from '../log.ts';
import type { EngineDescription } from '../model/runtime.ts';

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
