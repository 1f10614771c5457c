import { setImmediate as nextTurn } from 'node:timers/promises';

/** Garbage is collected within a slice, too, and takes as long again. */
const sliceMillis = 8;
/** So few are done at once however long they take: a host of some containers is observed at one moment. */
const minSteps = 20;

/**
 * Long work in slices: between two of them the event loop turns. By time and not by number: what one container takes
 * differs by its series, and by how warm the code is.
 */
export class Slices {
  #begun = performance.now();
  #steps = 0;

  /** One step is about to be made; true when the slice has taken its time before it. */
  step(): boolean {
    this.#steps += 1;
    return this.#steps > minSteps && performance.now() - this.#begun >= sliceMillis;
  }

  /** Lets the event loop turn, and begins the next slice. */
  async next(): Promise<void> {
    await nextTurn();
    this.#begun = performance.now();
    this.#steps = 0;
  }
}
