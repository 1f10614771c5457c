import type { ContainerState } from '../world/container-state.ts';
import { humanDuration } from './human-duration.ts';

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
