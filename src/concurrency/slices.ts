import { setImmediate as nextTurn } from 'node:timers/promises';

/** Garbage is collected within a slice, too, and takes as long again. */
const sliceMillis = 8;

/**
 * Long work in slices: between two of them the event loop turns. By time and not by number: what one container takes
 * differs by its series, and by how warm the code is.
 */
export class Slices {
  #begun = performance.now();

  /** True when this slice has taken its time. */
  get isOver(): boolean {
    return performance.now() - this.#begun >= sliceMillis;
  }

  /** Lets the event loop turn, and begins the next slice. */
  async next(): Promise<void> {
    await nextTurn();
    this.#begun = performance.now();
  }
}
