import type { Clock } from '../clock.ts';

/** Whether work ends within a time; it is waited for no longer, and goes on. It must not reject. */
export async function settlesWithin(
  work: Promise<void>,
  millis: number,
  sleep: Clock['sleep'],
): Promise<boolean> {
  const patience = new AbortController();
  const late = sleep(millis, patience.signal).then(
    () => false,
    () => true,
  );
  const ended = await Promise.race([work.then(() => true), late]);
  patience.abort();
  return ended;
}
