import type { Clock } from '../clock.ts';
import { AdaptivePool } from '../concurrency/adaptive-pool.ts';
import type { ContainerQueue } from './container/container-queue.ts';
import { settlesWithin } from '../concurrency/settles-within.ts';
import type { SourceCalls } from './source-calls.ts';
import type { Reconciliation } from './reconciler.ts';
import { Throttle } from '../concurrency/throttle.ts';

/** A runtime that locks a container may not answer for minutes: so long others wait for it. */
const patienceMillis = 500;

/** What {@link ChangedContainers} need. */
export interface ChangedContainersOptions {
  readonly clock: Clock;
  readonly turns: ContainerQueue;
  /** A probe that comes so soon after needs no other sample. */
  readonly freshMillis: number;
  /** Runs calls beside the probes; must not reject. */
  beside(work: (calls: SourceCalls) => Promise<void>): Promise<void>;
}

/**
 * Containers that changed by what events say, beside the probes: how they fare is known at once, what they use as soon
 * as the runtime tells it, which with runtimes before 23 takes up to a second.
 */
export class ChangedContainers {
  readonly #options: ChangedContainersOptions;
  readonly #unmeasured = new Set<string>();
  readonly #measuring: Throttle;

  constructor(options: ChangedContainersOptions) {
    this.#options = options;
    this.#measuring = new Throttle(options.clock, 0, () => options.beside((calls) => this.#measure(calls)));
  }

  /**
   * Inspects those of a look that changed. Never throws.
   * @param goOn called when all but those have been inspected of whom the runtime does not answer.
   */
  async look(
    { selected, heard, askedAt, now }: Reconciliation,
    calls: SourceCalls,
    goOn: () => void,
  ): Promise<void> {
    const { clock, turns } = this.#options;
    const listed = selected.filter(({ id }) => heard(id) === 'changed');
    const looks: Promise<void>[] = [];
    await new AdaptivePool(clock).run(listed, async (item) => {
      const look = turns.tellAtOnce(item.id, askedAt, async (tracker) => {
        if (await tracker.look(item, calls, now, 'changed')) this.#unmeasured.add(item.id);
      });
      looks.push(look);
      await settlesWithin(look, patienceMillis, clock.sleep.bind(clock));
    });
    this.#measureChanged();
    goOn();
    await Promise.all(looks);
    this.#measureChanged();
  }

  #measureChanged(): void {
    if (this.#unmeasured.size > 0) this.#measuring.request();
  }

  async #measure(calls: SourceCalls): Promise<void> {
    const { clock, turns, freshMillis } = this.#options;
    const ids = [...this.#unmeasured];
    this.#unmeasured.clear();
    await new AdaptivePool(clock).run(ids, async (id) => {
      await turns.take(id, (tracker) => tracker.measure(calls, freshMillis));
    });
  }
}
