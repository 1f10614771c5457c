import { resolveContainers } from '../../agent/containers.ts';
import type { ResolvedContainers } from '../../agent/containers.ts';
import { createTrackers } from '../../agent/trackers.ts';
import type { TrackerObservers } from '../../agent/trackers.ts';
import { systemClock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { RuntimeSnapshot } from '../../model/snapshot.ts';
import type { TrackerSet } from '../../tracker/tracker-set.ts';
import type { Trackers } from '../../tracker/trackers.ts';
import type { CommandContext } from '../command.ts';

/**
 * Time between the time-out of a probe and its end: waiting for the end gives the cause of a failure, not only
 * that it takes long.
 */
const endMillis = 1000;

/** A runtime that could not be measured, with the cause. */
export interface RuntimeFailure {
  readonly runtime: string;
  readonly reason: string;
}

/** Options of a {@link ProbeSession}. */
export interface ProbeSessionOptions {
  readonly observers: TrackerObservers;
  /** Milliseconds between the first probe and the second. */
  readonly gapMillis: number;
}

/** A probe of every runtime, and a second one, for commands that print and end. */
export class ProbeSession {
  readonly resolved: ResolvedContainers;
  readonly trackers: Trackers;
  readonly #gapMillis: number;
  readonly #waitMillis: number;
  readonly #signal: AbortSignal;
  /** Calls of a runtime that hangs end at once. */
  readonly #abort = (): void => this.trackers.close();

  /** Throws a ConfigError with every mistake of the configuration's metrics and runtimes. */
  constructor(
    { config: given, log, signal }: Pick<CommandContext, 'config' | 'log' | 'signal'>,
    { observers, gapMillis }: ProbeSessionOptions,
  ) {
    // A second probe must not be taken for a repetition of the first.
    const timing = {
      inlineTimeoutMillis: given.probeTimeoutMillis + endMillis,
      minProbeIntervalMillis: gapMillis / 2,
    };
    const config = { ...given, ...timing };
    this.resolved = resolveContainers(config, { environment: process.env, log });
    // The command itself reports which runtimes do not answer, and why: the log would say it twice.
    const dependencies = { clock: systemClock, log, reachabilityLog: asDebug(log) };
    this.trackers = createTrackers(this.resolved, observers, dependencies);
    this.#gapMillis = gapMillis;
    this.#waitMillis = given.inlineTimeoutMillis;
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort);
  }

  /** Probes every runtime; see {@link failures}. Rejects only when it is interrupted. */
  async probe(): Promise<void> {
    this.#signal.throwIfAborted();
    await this.trackers.update();
    this.#signal.throwIfAborted();
  }

  /** Waits for the gap, and probes again what the first probe reached. Rejects only when it is interrupted. */
  async probeAgain(): Promise<void> {
    // A runtime that could not be reached has had its wait.
    const reached = this.trackers.sets.filter(({ failure, wasProbed }) => wasProbed && failure === undefined);
    if (reached.length === 0) return;
    await systemClock.sleep(this.#gapMillis, this.#signal);
    await Promise.all(reached.map((set) => set.update(this.#waitMillis)));
    this.#signal.throwIfAborted();
  }

  /** False when no runtime answered: then there is nothing to print but why. */
  get isAnswered(): boolean {
    return this.failures().length < this.trackers.sets.length;
  }

  /** One per runtime, in the order of the configuration. */
  snapshots(): readonly RuntimeSnapshot[] {
    return this.trackers.snapshots();
  }

  /** Runtimes that no probe reached, and those that responded once and then no more. */
  failures(): readonly RuntimeFailure[] {
    return this.trackers.sets.filter(isFailing).map(({ runtime, failure }) => ({
      runtime: runtime.name,
      reason: failure ?? 'not probed yet',
    }));
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.trackers.close();
  }
}

/** The log, in which every line is of level debug. */
function asDebug(log: Log): Log {
  const debug = log.debug.bind(log);
  return { debug, info: debug, warn: debug, error: debug, child: (fields) => asDebug(log.child(fields)) };
}

function isFailing({ failure, wasProbed }: TrackerSet): boolean {
  return failure !== undefined || !wasProbed;
}

/** Prints the reasons to standard error, as plain lines for a person. Gives the exit code. */
export function reportFailures(failed: readonly RuntimeFailure[]): number {
  for (const { runtime, reason } of failed) process.stderr.write(`tidegauge: ${runtime}: ${reason}\n`);
  return failed.length === 0 ? 0 : 1;
}
