interface Due {
  readonly at: number;
  readonly action: (at: number) => void;
}

/**
 * Scheduled changes of the simulated world, in order of time. Nothing happens by itself: `advance` makes all
 * changes that are due, each at the very time it was scheduled for, even when called late.
 */
export class Timeline {
  readonly #now: () => number;
  readonly #due: Due[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  schedule(at: number, action: (at: number) => void): void {
    const later = this.#due.findIndex((due) => due.at > at);
    this.#due.splice(later === -1 ? this.#due.length : later, 0, { at, action });
  }

  /** Brings the world up to now, and returns now (ms). */
  advance(): number {
    const now = this.#now();
    for (let next = this.#due[0]; next !== undefined && next.at <= now; next = this.#due[0]) {
      this.#due.shift();
      next.action(next.at);
    }
    return now;
  }
}
