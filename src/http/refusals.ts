import type { Log } from '../log.ts';

/** Reasons for which a request is refused or its response broken off. */
export const refusalReasons = [
  /** More requests that collect than are handled at once: 503. */
  'too_many_requests',
  /** More streams than are held open at once: 503. */
  'too_many_streams',
  /** More connections than are accepted: closed. */
  'too_many_connections',
  /** More pipelined requests than may wait: the connection is closed. */
  'too_many_pipelined',
  /** The response was not read within its deadline: broken off. */
  'slow_reader',
  /** The response was not read while newer ones needed its memory: broken off. */
  'memory',
] as const;

/** One of {@link refusalReasons}. */
export type RefusalReason = (typeof refusalReasons)[number];

/** Called once for each refusal. Returns at once and never throws. */
export type RefusalObserver = (reason: RefusalReason) => void;

/** One line of the log in this time for each reason. */
const quietMillis = 60_000;

/** The observer with a line in the log besides, one in {@link quietMillis} for each reason. */
export function loggedRefusals(observer: RefusalObserver, log: Log): RefusalObserver {
  const loggedAt = new Map<RefusalReason, number>();
  return (reason) => {
    observer(reason);
    const now = performance.now();
    if (now - (loggedAt.get(reason) ?? -Infinity) < quietMillis) return;
    loggedAt.set(reason, now);
    log.warn({ reason }, 'requests are refused');
  };
}

/** Counts what is in progress, up to a maximum. */
export class InFlight {
  readonly max: number;
  #count = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Takes a place until the returned function is called; undefined where there is none. */
  enter(): (() => void) | undefined {
    if (this.#count >= this.max) return undefined;
    this.#count += 1;
    let isInside = true;
    return () => {
      if (isInside) this.#count -= 1;
      isInside = false;
    };
  }
}
