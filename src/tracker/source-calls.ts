import type { RuntimeDescription } from '../model/runtime.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import type { SourceCall, ProbeObserver } from '../model/observers.ts';
import type { Sample } from '../model/sample.ts';
import type { ContainerSource, InspectedContainer, ListedContainer } from '../sources/container-source.ts';
import { AbortListeners } from '../concurrency/abort-listeners.ts';
import { toSourceError } from '../sources/source-error.ts';
import type { SourceError } from '../sources/source-error.ts';

/** What every call of one probe needs. */
export interface SourceCallsOptions {
  readonly source: ContainerSource;
  readonly observer: ProbeObserver;
  /** What attributes are made of, as soon as it is known. */
  readonly mapper?: IdentityMapper | undefined;
  /** The probe's deadline. */
  readonly signal: AbortSignal;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/**
 * The runtime's calls of one probe, each timed and told to the observer; a call that outlives the probe's signal is
 * left behind, so that not even a source that ignores its signal holds a probe. Every method throws SourceError.
 */
export class SourceCalls {
  readonly #options: SourceCallsOptions;
  readonly #abort: AbortListeners;
  #hadFailures = false;

  constructor(options: SourceCallsOptions) {
    this.#options = options;
    this.#abort = new AbortListeners(options.signal);
  }

  /** Whether a call failed, other than for a container that was gone or had stopped. */
  get hadFailures(): boolean {
    return this.#hadFailures;
  }

  get isOver(): boolean {
    return this.#options.signal.aborted;
  }

  /** Milliseconds that only grow. */
  monotonic(): number {
    return this.#options.monotonic();
  }

  describe(): Promise<RuntimeDescription> {
    return this.#timed('list', (source, signal) => source.describe(signal), true);
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

  /** The image as its user typed it, of a container that may not be measured at all. */
  async imageOf(id: string): Promise<string | undefined> {
    const { identity } = await this.#timed('inspect', (source, signal) => source.inspect(id, signal));
    return identity.image.reference;
  }

  sample(id: string): Promise<Sample | undefined> {
    return this.#timed('stats', (source, signal) => source.sample(id, signal));
  }

  async #timed<T>(
    call: SourceCall,
    make: (source: ContainerSource, signal: AbortSignal) => Promise<T>,
    failuresOnly = false,
  ): Promise<T> {
    const { source, observer, signal } = this.#options;
    const start = this.#options.monotonic();
    const seconds = (): number => (this.#options.monotonic() - start) / 1000;
    try {
      const result = await this.#unlessAborted(make(source, signal));
      if (!failuresOnly) observer.callEnded(source.name, call, seconds());
      return result;
    } catch (thrown) {
      const error = toSourceError(thrown, call);
      const isFailure = call === 'list' || !isAbsence(error);
      if (isFailure) this.#hadFailures = true;
      observer.callEnded(source.name, call, seconds(), isFailure ? error.code : undefined);
      throw error;
    }
  }

  #unlessAborted<T>(result: Promise<T>): Promise<T> {
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(toSourceError(signal.reason, 'probe'));
      if (signal.aborted) giveUp();
      this.#abort.add(giveUp);
      result.then(resolve, reject).finally(() => this.#abort.delete(giveUp));
    });
  }
}

/** The container was removed or stopped in between: no failure of anybody. */
export function isAbsence(error: SourceError): boolean {
  return error.code === 'not-found' || error.code === 'not-running';
}
