import type { Log } from '../../log.ts';
import { toSourceError } from '../../sources/source-error.ts';
import { isAbsence } from '../source-calls.ts';

/** Whose failures are counted. */
interface Failing {
  readonly id: string;
  readonly name: string;
}

/** Counts the failed measurements of one container, and logs each change for the worse or the better once. */
export class ContainerFailures {
  readonly #log: Log;
  #count = 0;
  #isFailing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts a failure; false when it was only removed or stopped in between, or we ourselves are ending. */
  failed({ id, name }: Failing, thrown: unknown): boolean {
    const error = toSourceError(thrown, `container ${name}`);
    if (isAbsence(error) || error.code === 'aborted') return false;
    this.#count += 1;
    const fields = { container: name, id, error: error.message };
    if (!this.#isFailing) this.#log.warn(fields, 'container cannot be measured');
    this.#isFailing = true;
    return true;
  }

  /** An update went well. */
  recovered({ id, name }: Failing): void {
    if (this.#isFailing) this.#log.info({ container: name, id }, 'container is measured again');
    this.#isFailing = false;
  }
}
