import type { Clock } from '../clock.ts';
import { AbortListeners } from '../concurrency/cancellation.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import type { SourceCall, ProbeObserver } from '../model/observers.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { Sample } from '../model/sample.ts';
import type {
  ContainerSource,
  InspectedContainer,
  ListedContainer,
  UsageRound,
  UsageSource,
} from '../sources/container-source.ts';
import { toSourceError } from '../sources/source-error.ts';
import type { SourceError } from '../sources/source-error.ts';

/** Dependencies of every probe's calls. */
export interface SourceCallsOptions {
  readonly source: ContainerSource;
  /** Absent: the source's own. */
  readonly usage?: UsageSource;
  readonly observer: ProbeObserver;
  /** Makes attributes of an inspected container. */
  readonly mapper?: IdentityMapper | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Calls of one probe to its source, each timed and reported to the observer. A call that outlives the probe's signal is
 * abandoned, so that not even a source that ignores its signal holds up a probe. Every method throws SourceError.
 */
export class SourceCalls {
  readonly #options: SourceCallsOptions;
  readonly #signal: AbortSignal;
  readonly #abort: AbortListeners;
  #usage: UsageRound | undefined;
  #hadFailures = false;

  /** @param signal the probe's deadline. */
  constructor(options: SourceCallsOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#abort = new AbortListeners(signal);
  }

  /** True when a call failed, other than for a container that was gone or had stopped. */
  get hadFailures(): boolean {
    return this.#hadFailures;
  }

  get isOver(): boolean {
    return this.#signal.aborted;
  }

  /** See {@link ContainerSource.clockJumped}. */
  get clockJumped(): boolean {
    return this.#options.source.clockJumped ?? false;
  }

  /** Milliseconds of a clock that is never set back. */
  monotonic(): number {
    return this.#options.clock.monotonic();
  }

  /** Ends the usage round; the calls of a probe end with it. */
  close(): void {
    this.#usage?.close();
  }

  describe(): Promise<RuntimeDescription> {
    return this.#timed('describe', (source, signal) => source.describe(signal));
  }

  list(): Promise<readonly ListedContainer[]> {
    return this.#timed('list', (source, signal) => source.list(signal));
  }

  async inspect(id: string): Promise<InspectedContainer> {
    const inspected = await this.#timed('inspect', (source, signal) => source.inspect(id, signal));
    const { mapper } = this.#options;
    const { identity } = inspected;
    return mapper ? { ...inspected, identity: { ...identity, mapped: mapper.map(identity) } } : inspected;
  }

  /** The image as its user typed it, of a container that may not be selected. */
  async imageOf(id: string): Promise<string | undefined> {
    const { identity } = await this.#timed('inspect', (source, signal) => source.inspect(id, signal));
    return identity.image.reference;
  }

  /** One sample by the round of the usage source; undefined when the container does not run. */
  sample(container: InspectedContainer): Promise<Sample | undefined> {
    const { usage = this.#options.source.usage } = this.#options;
    return this.#timed('stats', (_source, signal) => (this.#usage ??= usage.round(signal)).read(container));
  }

  async #timed<T>(
    call: SourceCall,
    make: (source: ContainerSource, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { source, observer } = this.#options;
    const start = this.monotonic();
    const seconds = (): number => (this.monotonic() - start) / 1000;
    try {
      const result = await this.#unlessAborted(make(source, this.#signal));
      observer.callEnded(source.name, call, seconds());
      return result;
    } catch (thrown) {
      const error = toSourceError(thrown, call);
      const isFailure = call === 'list' || call === 'describe' || !isAbsence(error);
      // Files that are not there say nothing about the runtime's list.
      if (isFailure && error.code !== 'no-files') this.#hadFailures = true;
      observer.callEnded(source.name, call, seconds(), isFailure ? error.code : undefined);
      throw error;
    }
  }

  #unlessAborted<T>(result: Promise<T>): Promise<T> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(toSourceError(signal.reason, 'probe'));
      if (signal.aborted) giveUp();
      this.#abort.add(giveUp);
      const settled = (): void => this.#abort.delete(giveUp);
      result.then(
        (value) => {
          settled();
          resolve(value);
        },
        (thrown: unknown) => {
          settled();
          reject(thrown);
        },
      );
    });
  }
}

/** True for a container that was removed or stopped in between: no failure. */
export function isAbsence(error: SourceError): boolean {
  return error.code === 'not-found' || error.code === 'not-running';
}
