import type { ContainerSnapshot } from '../model/snapshot.ts';

/** Seconds since a running container started; undefined while it does not run. */
export function uptime({ state, stateAt, sample }: ContainerSnapshot): number | undefined {
  const isUp = state.status === 'running' || state.status === 'paused';
  if (!isUp || state.startedAt === undefined) return undefined;
  const millis = (sample?.takenAt ?? stateAt) - state.startedAt;
  // A start in the future is another clock's.
  return millis < 0 ? undefined : millis / 1000;
}
