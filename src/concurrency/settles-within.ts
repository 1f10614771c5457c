import type { Clock } from '../clock.ts';

/** True when work ends within a time; it is not awaited for longer, and goes on. It must not reject. */
export async function settlesWithin(
  work: Promise<void>,
  millis: number,
  sleep: Clock['sleep'],
): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(millis, timer.signal).then(
    () => false,
    () => true,
  );
  const ended = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return ended;
}
