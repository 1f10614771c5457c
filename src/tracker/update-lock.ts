/** What a caller of {@link UpdateLock.update} got. */
export type UpdateOutcome = 'probed' | 'joined' | 'young' | 'timed-out';

/** Settings of an {@link UpdateLock}, in milliseconds. */
export interface UpdateLockOptions {
  /** A caller that comes sooner after the last probe's end does nothing. */
  readonly minIntervalMillis: number;
  /** After this the probe's signal aborts. */
  readonly totalTimeoutMillis: number;
  /** Monotonic, in milliseconds. */
  monotonic(): number;
  sleep(millis: number, signal?: AbortSignal): Promise<void>;
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
  #between: Promise<void> | undefined;
  #lastEnd: number | undefined;
  readonly #closed = new AbortController();

  constructor(options: UpdateLockOptions, probe: (signal: AbortSignal) => Promise<void>) {
    this.#options = options;
    this.#probe = probe;
  }

  /** Returns when the data is as fresh as it may be, or after `waitMillis`. Never throws. */
  async update(waitMillis: number): Promise<UpdateOutcome> {
    const outcome = this.#running ? 'joined' : 'probed';
    if (!this.#running && this.#isYoung()) return 'young';
    this.#running ??= this.#run();
    const patience = new AbortController();
    const timeout = this.#options.sleep(waitMillis, patience.signal).then(
      () => 'timed-out' as const,
      () => outcome,
    );
    const won = await Promise.race([this.#running.then(() => outcome), timeout]);
    patience.abort();
    return won;
  }

  /**
   * Runs `work` while no probe does; nobody waits for it but the next probe, and so it has the same time-out. `work` must
   * not reject, and must end soon after its signal aborts.
   */
  async between(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (this.#running ?? this.#between) await (this.#running ?? this.#between);
    if (this.#closed.signal.aborted) return;
    this.#between = this.#limited(work);
    await this.#between;
    this.#between = undefined;
  }

  /** Aborts the probe under way; later updates do nothing. */
  close(): void {
    this.#closed.abort();
  }

  #isYoung(): boolean {
    if (this.#closed.signal.aborted) return true;
    const age = this.#lastEnd === undefined ? Infinity : this.#options.monotonic() - this.#lastEnd;
    return age < this.#options.minIntervalMillis;
  }

  async #run(): Promise<void> {
    try {
      if (this.#between) await this.#between;
      await this.#limited(this.#probe);
    } finally {
      this.#lastEnd = this.#options.monotonic();
      this.#running = undefined;
    }
  }

  async #limited(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const ended = new AbortController();
    const deadline = new AbortController();
    const signal = AbortSignal.any([deadline.signal, this.#closed.signal]);
    const expire = (): void => deadline.abort(new DOMException('probe took too long', 'TimeoutError'));
    void this.#options.sleep(this.#options.totalTimeoutMillis, ended.signal).then(expire, () => undefined);
    try {
      await work(signal);
    } finally {
      ended.abort();
    }
  }
}
