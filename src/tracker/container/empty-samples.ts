import type { ContainerStatus } from '../../model/container.ts';
import { hasUsage } from '../../model/sample.ts';
import type { Sample } from '../../model/sample.ts';

/** So many answers without usage in a row, and a container that runs has none: one may be of a container that just died. */
const confirmedEmptySamples = 2;

/** Tells a container whose runtime gives no usage from one that answered with none because it was ending. */
export class EmptySamples {
  #inARow = 0;

  /** Whether the runtime gives no usage of a container that goes on running. */
  get areBelieved(): boolean {
    return this.#inARow >= confirmedEmptySamples;
  }

  /** A new run, or a failure: what was answered before says nothing of what comes. */
  forget(): void {
    this.#inARow = 0;
  }

  /** The answer that may be shown: an empty one only when the container goes on running, for then it is all there is. */
  believed(answer: Sample | undefined, status: ContainerStatus | undefined): Sample | undefined {
    const isEmpty = !answer || !hasUsage(answer);
    this.#inARow = isEmpty && status === 'running' ? this.#inARow + 1 : 0;
    return isEmpty && !this.areBelieved ? undefined : answer;
  }
}
