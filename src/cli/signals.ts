import { constants } from 'node:os';
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
