import type { Clock } from '../clock.ts';
import { settlesWithin } from '../concurrency/cancellation.ts';

/** Result of {@link UpdateLock.update} for its caller. */
export type UpdateOutcome = 'probed' | 'joined' | 'young' | 'timed-out';

/** Settings of an {@link UpdateLock}, in milliseconds. */
export interface UpdateLockOptions {
  /** A caller that comes sooner after the last probe's end does nothing. */
  readonly minProbeIntervalMillis: number;
  /** After this the probe's signal aborts. */
  readonly probeTimeoutMillis: number;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
}

/**
 * docker_exporter's rate control: the first caller probes, callers that overlap wait for that probe and then do
 * nothing, callers that come too soon after it do nothing at all. Any number of readers cost one probe.
 * A caller that waits longer than it may goes on with what there is; the probe itself goes on in the background.
 */
export class UpdateLock {
  readonly #options: UpdateLockOptions;
  /** Must not reject, and must end soon after its signal aborts. */
  readonly #probe: (signal: AbortSignal) => Promise<void>;
  #running: Promise<void> | undefined;
  #lastStart = 0;
  #lastEnd: number | undefined;
  readonly #closed = new AbortController();

  constructor(options: UpdateLockOptions, probe: (signal: AbortSignal) => Promise<void>) {
    this.#options = options;
    this.#probe = probe;
  }

  /** Resolves when the data is as fresh as it may be, or after `waitMillis`. Never throws. */
  async update(waitMillis: number): Promise<UpdateOutcome> {
    const outcome = this.#running ? 'joined' : 'probed';
    if (!this.#running && this.#isYoung()) return 'young';
    this.#running ??= this.#run();
    const { clock } = this.#options;
    const isInTime = await settlesWithin(this.#running, waitMillis, clock.sleep.bind(clock));
    return isInTime ? outcome : 'timed-out';
  }

  /** Runs `work` alongside the probes, with their time-out. It must end soon after its signal aborts. */
  async alongside(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.#closed.signal.aborted) await this.#limited(work);
  }

  /** Aborts the probe under way; later updates do nothing. */
  close(): void {
    this.#closed.abort();
  }

  #isYoung(): boolean {
    if (this.#closed.signal.aborted) return true;
    const age = this.#lastEnd === undefined ? Infinity : this.#options.clock.monotonic() - this.#lastEnd;
    return age < this.#options.minProbeIntervalMillis;
  }

  /** Milliseconds since the probe under way began; 0 when none is. */
  get runningMillis(): number {
    return this.#running ? this.#options.clock.monotonic() - this.#lastStart : 0;
  }

  async #run(): Promise<void> {
    this.#lastStart = this.#options.clock.monotonic();
    try {
      await this.#limited(this.#probe);
    } finally {
      this.#lastEnd = this.#options.clock.monotonic();
      this.#running = undefined;
    }
  }

  async #limited(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const ended = new AbortController();
    const deadline = new AbortController();
    const signal = AbortSignal.any([deadline.signal, this.#closed.signal]);
    const expire = (): void => deadline.abort(new DOMException('probe took too long', 'TimeoutError'));
    const { clock, probeTimeoutMillis } = this.#options;
    void clock.sleep(probeTimeoutMillis, ended.signal).then(expire, () => undefined);
    try {
      await work(signal);
    } finally {
      ended.abort();
    }
  }
}
