import { diag, DiagLogLevel } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import type { Log } from '../log.ts';

/** Said again within this time, it is the same trouble going on. */
const goingOnMillis = 10 * 60_000;
/** The SDK has a few dozen texts. */
const maxTexts = 200;

/** Results of exports are logged by their observers. */
const loggedAlready = /metrics export (?:failed|timed out)/;

/**
 * Sends the OpenTelemetry SDK's diagnostics of the whole process to this log: a message when it is new or was
 * not logged
 * for ten minutes, not once per round.
 * @param monotonic milliseconds that only grow.
 */
export function logSdk(log: Log, monotonic: () => number): void {
  const suppressor = new RepeatSuppressor(log, monotonic);
  const unsaid = (): void => undefined;
  diag.setLogger(
    {
      error: (text, ...details) => suppressor.say('error', text, details),
      warn: (text, ...details) => suppressor.say('warn', text, details),
      info: unsaid,
      debug: unsaid,
      verbose: unsaid,
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  setGlobalErrorHandler((error) => {
    const text = typeof error === 'string' ? error : (error.message ?? String(error.name ?? error.code));
    suppressor.say('error', text, [error]);
  });
}

/** Time of a message's last occurrence, and its number since it was logged. */
interface Said {
  readonly at: number;
  readonly repeats: number;
}

class RepeatSuppressor {
  readonly #log: Log;
  readonly #monotonic: () => number;
  readonly #said = new Map<string, Said>();

  constructor(log: Log, monotonic: () => number) {
    this.#log = log;
    this.#monotonic = monotonic;
  }

  say(level: 'warn' | 'error', text: string, details: readonly unknown[]): void {
    const error = details.find((detail) => detail instanceof Error);
    const words = details.filter((detail) => typeof detail === 'string' && detail !== text);
    const message = ['OpenTelemetry:', text, ...words].join(' ');
    // Counts and times in it do not make it another text.
    const { isNew, repeats } = this.#count(`${message} ${error?.message}`.replaceAll(/\d+/g, '#'));
    const fields = { ...(error && { error }), ...(repeats > 0 && { repeats }) };
    this.#log[isNew && !loggedAlready.test(text) ? level : 'debug'](fields, message);
  }

  #count(text: string): { isNew: boolean; repeats: number } {
    const now = this.#monotonic();
    const { at, repeats } = this.#said.get(text) ?? { at: Number.NEGATIVE_INFINITY, repeats: 0 };
    const isNew = now - at > goingOnMillis;
    if (this.#said.size >= maxTexts) this.#said.clear();
    this.#said.set(text, { at: now, repeats: isNew ? 0 : repeats + 1 });
    return { isNew, repeats };
  }
}
