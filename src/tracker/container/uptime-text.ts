const unit = '(?:second|minute|hour|day|week|month|year)';
const elapsed = new RegExp(` (?:Less than a|About an?|\\d+) ${unit}s?(?: ago)?`);
const elapsedSeconds = / (?:Less than a|\d+) seconds?\b/;

/**
 * The runtime's text without the part that only says how much time went by: what is left changes when something
 * happened. `Up 5 minutes (healthy)` → `Up (healthy)`, `Exited (137) 2 hours ago` → `Exited (137)`.
 */
export function lastingText(statusText: string): string {
  return statusText.replace(elapsed, '');
}

/**
 * Whether the last start or end, as the runtime's text tells it, is less than a minute past (go-units HumanDuration,
 * which rounds down): a text that tells minutes is of nothing that came after an inspect of the last minute.
 */
export function tellsSeconds(statusText: string): boolean {
  return elapsedSeconds.test(statusText);
}
