import { constants } from 'node:os';
import type { RootLog } from '../log.ts';
import type { RunningCommand } from './command.ts';
import type { ReadyCommand } from './invocation.ts';
import type { SignalSource } from './process.ts';

/** What the user or the system wants of the process. */
export interface StopSignals {
  /** Aborted by the first signal to end. */
  readonly asked: AbortSignal;
  /** Resolves with the exit code when the process shall end at once: a second signal, or an error nobody caught. */
  readonly forced: Promise<number>;
  /** The exit code of what was interrupted, as a shell has it: 128 and the number of the signal. */
  interruptedCode(): number;
  /** Listens no longer. */
  [Symbol.dispose](): void;
}

/** Listens for SIGTERM and SIGINT, and for errors that nobody caught. */
export function listenForStop(signals: SignalSource, onUncaught: (error: unknown) => void): StopSignals {
  const controller = new AbortController();
  const { promise: forced, resolve: force } = Promise.withResolvers<number>();
  let code = 0;
  const stop = (number: number) => () => {
    code = 128 + number;
    if (controller.signal.aborted) force(code);
    else controller.abort();
  };
  const listeners = {
    SIGTERM: stop(constants.signals.SIGTERM),
    SIGINT: stop(constants.signals.SIGINT),
    uncaughtException: (error: unknown) => {
      onUncaught(error);
      force(1);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) signals.on(name, listener);
  return {
    asked: controller.signal,
    forced,
    interruptedCode: () => code,
    [Symbol.dispose]: () => {
      for (const [name, listener] of Object.entries(listeners)) signals.off(name, listener);
    },
  };
}

/** What {@link listenForReload} joins. */
export interface ReloadParties {
  /** Signals that come earlier wait for it. */
  readonly running: Promise<RunningCommand>;
  readonly reread: ReadyCommand['reread'];
  readonly log: RootLog;
}

/** On each SIGHUP, one after the other, reads the configuration again and hands it over. A bad one changes nothing. */
export function listenForReload(signals: SignalSource, parties: ReloadParties): Disposable {
  let earlier = Promise.resolve();
  const listener = () => {
    earlier = earlier.then(() => reload(parties));
  };
  signals.on('SIGHUP', listener);
  return { [Symbol.dispose]: () => signals.off('SIGHUP', listener) };
}

async function reload({ running, reread, log }: ReloadParties): Promise<void> {
  const command = await running;
  const { level } = log;
  try {
    const reading = reread();
    if ('problems' in reading) return log.error({ problems: reading.problems }, 'configuration not reloaded');
    if (command.reload === undefined) return log.warn({}, 'this command cannot reload its configuration');
    for (const warning of reading.warnings) log.warn({}, warning);
    // Before the hand-over: what the command now makes takes its level from this log.
    log.level = reading.config.logLevel;
    await command.reload(reading.config);
    log.info({}, 'configuration reloaded');
  } catch (error) {
    log.level = level;
    log.error({ error }, 'configuration not reloaded');
  }
}
