import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { TrackerSetOptions } from './options.ts';
import type { SourceCalls } from './source-calls.ts';

/** Cause of a failed probe; logged when its kind changes, not once per probe. */
export interface Failure {
  readonly kind: 'runtime does not answer' | 'runtime answers too slowly';
  readonly reason: string;
}

/** Maximum age of the runtime's description, which is requested after each failure too. */
const maxAgeMillis = 10 * 60_000;
/** Minimum age at which a clock that jumped has it requested anew: responses of a runtime may disagree for good. */
const minAgeMillis = 10_000;

/** A runtime as last described, and how its last probe went; logs each change for the worse or the better once. */
export class SourceState {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reachabilityLog: Log;
  #runtime: RuntimeDescription;
  #describedAt = Number.NEGATIVE_INFINITY;
  #failure: Failure | undefined;
  #lastSuccess: number | undefined;

  /** @param name the source's name, all that is known of the runtime before its first response. */
  constructor(
    name: string,
    { clock, log, reachabilityLog = log }: Pick<TrackerSetOptions, 'clock' | 'log' | 'reachabilityLog'>,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#reachabilityLog = reachabilityLog;
    this.#runtime = { name, warnings: [] };
  }

  get runtime(): RuntimeDescription {
    return this.#runtime;
  }

  /** Cause of the last probe's failure; absent after a success. */
  get failure(): string | undefined {
    return this.#failure?.reason;
  }

  /** When the last successful probe ended, in milliseconds since the epoch; undefined before the first. */
  get lastSuccess(): number | undefined {
    return this.#lastSuccess;
  }

  /** Requests the description when the last one is old, or the runtime's clock was set since. Throws SourceError. */
  async refresh(calls: SourceCalls): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#describedAt < (calls.clockJumped ? minAgeMillis : maxAgeMillis)) return;
    const runtime = await calls.describe();
    this.#compareClocks(runtime, this.#runtime.clockOffsetMillis);
    this.#runtime = runtime;
    this.#describedAt = now;
  }

  /** Logs once that the runtime's clock is off, and once that it is not any more. */
  #compareClocks({ name, clockOffsetMillis }: RuntimeDescription, before = 0): void {
    if (clockOffsetMillis === undefined || Boolean(clockOffsetMillis) === Boolean(before)) return;
    const fields = { runtime: name, offsetSeconds: Math.round(clockOffsetMillis / 1000) };
    if (clockOffsetMillis !== 0)
      this.#log.warn(fields, 'clock of the runtime differs from the agent’s: uptimes are by the runtime’s');
    else this.#log.info({ runtime: name }, 'clock of the runtime agrees with the agent’s again');
  }

  succeeded(containers: number): void {
    const { name, runtimeVersion } = this.#runtime;
    if (this.#failure !== undefined || this.#lastSuccess === undefined)
      this.#reachabilityLog.info({ runtime: name, version: runtimeVersion, containers }, 'runtime answers');
    this.#failure = undefined;
    this.#lastSuccess = this.#clock.now();
  }

  failed(failure: Failure): void {
    // The next probe may reach another runtime at the same address.
    this.#describedAt = Number.NEGATIVE_INFINITY;
    const fields = { runtime: this.#runtime.name, error: failure.reason };
    if (this.#failure?.kind === failure.kind) this.#reachabilityLog.debug(fields, `still: ${failure.kind}`);
    else this.#reachabilityLog.warn(fields, failure.kind);
    this.#failure = failure;
  }
}
