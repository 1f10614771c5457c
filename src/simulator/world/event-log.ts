/** One event, in the words of Moby's api/types/events Message. */
export interface EngineEvent {
  readonly type: string;
  readonly action: string;
  readonly actorId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Unix time in nanoseconds. */
  readonly timeNano: bigint;
}

/** As many events as Moby's daemon/events keeps for `since=`. */
const ringSize = 256;

/** The engine's events: the last 256, and the listeners. */
export class EventLog {
  readonly #ring: EngineEvent[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #lastNano = 0n;

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Records an event of that time (ms) and calls the listeners; no two events have the same nanosecond. */
  record(event: Omit<EngineEvent, 'timeNano'>, at: number): void {
    const wanted = BigInt(Math.round(at * 1e6));
    this.#lastNano = wanted > this.#lastNano ? wanted : this.#lastNano + 1n;
    this.publish({ ...event, timeNano: this.#lastNano });
  }

  /** Records an event exactly as it is: a repeated one, or one that goes back in time. */
  publish(event: EngineEvent): void {
    this.#ring.push(event);
    if (this.#ring.length > ringSize) this.#ring.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /**
   * Recorded events back to the last one older than `sinceNano`, oldest first; Moby searches no further either.
   */
  replay(sinceNano: bigint): EngineEvent[] {
    return this.#ring.slice(this.#ring.findLastIndex(({ timeNano }) => timeNano < sinceNano) + 1);
  }

  /** Calls the listener for each event from now on, until the returned function is called. */
  listen(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets the ring, as a restart of the daemon does. */
  forget(): void {
    this.#ring.length = 0;
  }
}
