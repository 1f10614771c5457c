import { recordContainerEvent } from './container-events.ts';
import type { HealthState } from './container-state.ts';
import type { EventLog } from './event-log.ts';
import type { SimulatedContainer } from './container.ts';
import type { Timeline } from './timeline.ts';

/** Who changes a container's health when a check says so. */
export interface HealthSetter {
  setHealth(container: SimulatedContainer, at: number, status: HealthState['status']): void;
}

interface CheckWorld {
  readonly events: EventLog;
  readonly timeline: Timeline;
}

/** Moby's default `--health-retries`. */
const RETRIES = 3;
const COMMAND = '/bin/sh -c curl -fsS http://localhost/health';

/** Schedules the next health check of this run, and each the one after it. */
export function scheduleChecks(
  setter: HealthSetter,
  world: CheckWorld,
  container: SimulatedContainer,
  now: number,
): void {
  const { run } = container.state;
  const { intervalMillis } = container.spec.healthcheck ?? { intervalMillis: 0 };
  world.timeline.schedule(now + intervalMillis, (at) => {
    if (container.state.run !== run || container.state.pid === 0) return;
    if (container.state.status === 'running') check(setter, world.events, container, at);
    scheduleChecks(setter, world, container, at);
  });
}

function check(setter: HealthSetter, events: EventLog, container: SimulatedContainer, at: number): void {
  const passes = passesAt(container, at);
  recordExec(events, container, passes, at);
  const { status, failingStreak } = container.state.health ?? { status: 'starting', failingStreak: 0 };
  if (passes) {
    if (status !== 'healthy') setter.setHealth(container, at, 'healthy');
    else if (failingStreak > 0)
      container.become({ ...container.state, health: { status, failingStreak: 0 } });
    return;
  }
  const streak = failingStreak + 1;
  if (streak === RETRIES && status !== 'unhealthy') setter.setHealth(container, at, 'unhealthy');
  else container.become({ ...container.state, health: { status, failingStreak: streak } });
}

function passesAt({ spec, state }: SimulatedContainer, at: number): boolean {
  const { goodMillis, badMillis } = spec.healthcheck ?? { goodMillis: 1, badMillis: 0 };
  return (at - (state.startedAt ?? at)) % (goodMillis + badMillis) < goodMillis;
}

/** A check is an exec, and its three events are what floods an unfiltered events stream. */
function recordExec(events: EventLog, container: SimulatedContainer, passes: boolean, at: number): void {
  const execID = `${container.id.slice(32)}${container.id.slice(0, 32)}`;
  const tell = (action: string, attributes: Record<string, string>): void =>
    recordContainerEvent(events, container, { action, attributes }, at);
  tell(`exec_create: ${COMMAND}`, { execID });
  tell(`exec_start: ${COMMAND}`, { execID });
  tell('exec_die', { execID, exitCode: passes ? '0' : '1' });
}
