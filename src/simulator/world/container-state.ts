/** Health of a container as inspect shows it. */
export interface HealthState {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
}

/** Moby's states that this engine enters. */
type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'exited';

/** Everything about a container that changes over its life; replaced as a whole at each change. Times in ms. */
export interface ContainerState {
  readonly status: ContainerStatus;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly pid: number;
  readonly restartCount: number;
  readonly health?: HealthState;
  readonly pausedAt?: number;
  /** Time spent paused in this run, the current pause not counted. */
  readonly pausedMillis: number;
  /** Wait before the last restart by policy. */
  readonly backoffMillis: number;
  /** Number of starts; distinguishes the scheduled ends of one run from the next one's. */
  readonly run: number;
}

/** The state of a container that was never started. */
export const created: ContainerState = {
  status: 'created',
  exitCode: 0,
  oomKilled: false,
  pid: 0,
  restartCount: 0,
  pausedMillis: 0,
  backoffMillis: 0,
  run: 0,
};

const firstBackoffMillis = 100;
const firstPid = 1000;
/** A container that starts again has another pid. */
const pidsPerRun = 65_537;
const maxPid = 4_000_000;
/** A run at least this long starts the back-off anew (Moby's restartmanager). */
const longRunMillis = 10_000;

/**
 * The state after a start; as in Moby it wipes exit code and OOM flag and keeps the last finish.
 * @param ordinal the container's, so that no two that run have one pid.
 */
export function startedState(
  last: ContainerState,
  { at, ordinal, hasHealthcheck }: { at: number; ordinal: number; hasHealthcheck: boolean },
): ContainerState {
  const run = last.run + 1;
  return {
    ...created,
    status: 'running',
    startedAt: at,
    ...(last.finishedAt !== undefined && { finishedAt: last.finishedAt }),
    ...(hasHealthcheck && { health: { status: 'starting', failingStreak: 0 } }),
    restartCount: last.restartCount,
    backoffMillis: last.backoffMillis,
    pid: firstPid + ((ordinal + run * pidsPerRun) % maxPid),
    run,
  };
}

/** The state after an exit that is final. */
export function exitedState(last: ContainerState, at: number, exitCode: number): ContainerState {
  const { pausedAt: _, ...rest } = last;
  return { ...rest, status: 'exited', finishedAt: at, exitCode, pid: 0 };
}

/** The state between an exit and the restart of its policy, with the wait doubled as in Moby. */
export function restartingState(exited: ContainerState, maxBackoffMillis: number): ContainerState {
  const ranMillis = (exited.finishedAt ?? 0) - (exited.startedAt ?? 0);
  const doubled = ranMillis >= longRunMillis ? 0 : exited.backoffMillis * 2;
  return {
    ...exited,
    status: 'restarting',
    restartCount: exited.restartCount + 1,
    backoffMillis: Math.min(Math.max(doubled, firstBackoffMillis), maxBackoffMillis),
  };
}

/** The state of a container frozen at that time. */
export function pausedState(last: ContainerState, at: number): ContainerState {
  return { ...last, status: 'paused', pausedAt: at };
}

/** The state of a container going on at that time. */
export function unpausedState(last: ContainerState, at: number): ContainerState {
  const { pausedAt = at, ...rest } = last;
  return { ...rest, status: 'running', pausedMillis: last.pausedMillis + at - pausedAt };
}

/** True when its processes exist, so that stats have values: running or paused. */
export function hasProcesses({ status }: ContainerState): boolean {
  return status === 'running' || status === 'paused';
}
