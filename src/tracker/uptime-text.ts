/** When a container may have started, in milliseconds since the epoch: what a rounded text still tells. */
export interface StartRange {
  readonly earliest: number;
  readonly latest: number;
}

const hourSeconds = 3600;

const unitSeconds: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: hourSeconds,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
};

/** Rounding and the way from the engine to us; restarts closer together show in the counters instead. */
const slackMillis = 2000;

/**
 * The engine's text without the part that only says how much time went by: what is left changes when something
 * happened. `Up 5 minutes (healthy)` → `Up (healthy)`, `Exited (137) 2 hours ago` → `Exited (137)`.
 */
export function lastingText(statusText: string): string {
  return statusText.replace(
    / (?:Less than a|About an?|\d+) (?:second|minute|hour|day|week|month|year)s?(?: ago)?/,
    '',
  );
}

/** When the container started, as far as `Up …` tells; Moby rounds down, hours to the nearest (go-units HumanDuration). */
export function startRange(statusText: string, now: number): StartRange | undefined {
  const text = /^Up (Less than a|About an?|\d+) ([a-z]+?)s?\b/.exec(statusText);
  const seconds = unitSeconds[text?.[2] ?? ''];
  if (!text || seconds === undefined) return undefined;
  const count = text[1] === 'Less than a' ? 0 : Number.parseInt(text[1] ?? '', 10) || 1;
  const latest = now - count * seconds * 1000;
  const roundedUpMillis = seconds < hourSeconds ? 0 : (hourSeconds * 1000) / 2;
  return { earliest: latest - seconds * 1000 - slackMillis, latest: latest + roundedUpMillis + slackMillis };
}

/** Whether two readings cannot speak of the same start: the container was started anew in between. */
export function startedAnew(before: StartRange, after: StartRange): boolean {
  return after.earliest > before.latest;
}
