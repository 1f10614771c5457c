import type { ContainerState } from '../world/container-state.ts';

/** The list's Status column, after Moby's State.String: "Up 5 minutes (healthy)", "Exited (137) 3 seconds ago". */
export function statusText(state: ContainerState, now: number): string {
  const { status, startedAt = now, finishedAt = now } = state;
  switch (status) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${humanDuration(now - startedAt)}${healthText(state)}`;
    case 'paused':
      return `Up ${humanDuration(now - startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${humanDuration(now - finishedAt)} ago`;
    case 'exited':
      return `Exited (${state.exitCode}) ${humanDuration(now - finishedAt)} ago`;
  }
}

function healthText({ health }: ContainerState): string {
  if (!health) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in the words of Docker's list, after HumanDuration of docker/go-units. */
export function humanDuration(millis: number): string {
  const seconds = Math.floor(millis / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds < HOUR) return shortDuration(seconds);
  const hours = Math.round(seconds / HOUR);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(seconds / DAY);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.floor(days / 7)} weeks`;
  return days < 730 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
}

function shortDuration(seconds: number): string {
  if (seconds < MINUTE) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  const minutes = Math.floor(seconds / MINUTE);
  return minutes === 1 ? 'About a minute' : `${minutes} minutes`;
}
