// One piece, because each change of a container's state emits its events in the order of Moby.
import { createHash } from 'node:crypto';
import type { ContainerSet } from './container-set.ts';
import { completeSpec } from './container-spec.ts';
import type { ContainerSpec } from './container-spec.ts';
import * as states from './container-state.ts';
import type { HealthState } from './container-state.ts';
import { SimulatedContainer } from './container.ts';
import type { EventLog } from './event-log.ts';
import { networkId } from './network-id.ts';
import type { Timeline } from './timeline.ts';
import type { HostSize } from './workload.ts';

/** Dependencies of a container's life cycle. */
export interface LifeWorld {
  readonly seed: string;
  readonly host: HostSize;
  readonly containers: ContainerSet;
  readonly events: EventLog;
  readonly timeline: Timeline;
}

/** End of a run. */
interface Exit {
  readonly exitCode: number;
  readonly outOfMemory?: boolean;
  /** Asked for by `docker stop` or `kill`: the restart policy does not apply. */
  readonly asked?: boolean;
}

/** Lets containers be born, run, die and restart, with the events that Moby emits for each. */
export class ContainerLife {
  readonly #world: LifeWorld;
  #born = 0;

  constructor(world: LifeWorld) {
    this.#world = world;
  }

  /** Adds a container that exists when the engine starts: with the age of its spec, without events. */
  place(spec: ContainerSpec, now: number): SimulatedContainer {
    const container = this.#create(spec, now - (spec.ageMillis ?? 0));
    const { initially, ageMillis, ending, restartCount, exitCode, healthcheck } = container.spec;
    if (initially === 'created') return container;
    // A container that ends by itself starts now: by its age it would have ended long ago.
    const startedAt = ending ? now : now - ageMillis;
    const started = states.startedState(
      { ...states.created, restartCount },
      { at: startedAt, ordinal: container.ordinal, hasHealthcheck: healthcheck !== undefined },
    );
    container.become(healthcheck ? { ...started, health: { status: 'healthy', failingStreak: 0 } } : started);
    if (initially === 'paused') container.become(states.pausedState(container.state, now - ageMillis / 2));
    if (initially === 'exited')
      container.become(states.exitedState(container.state, now - ageMillis / 2, exitCode));
    if (initially !== 'exited') this.#foresee(container, now);
    return container;
  }

  /** `docker run`, or `docker create`, by the spec. */
  add(spec: ContainerSpec, at: number): SimulatedContainer {
    const container = this.#create(spec, at);
    this.#record(container, 'create', at);
    if (container.spec.initially === 'created') return container;
    container.become({ ...container.state, restartCount: container.spec.restartCount });
    this.#run(container, at);
    if (container.spec.initially === 'paused') this.pause(container, at);
    if (container.spec.initially === 'exited')
      this.exit(container, at, { exitCode: container.spec.exitCode });
    return container;
  }

  /** `docker start`: the restart count begins again at 0. */
  start(container: SimulatedContainer, at: number): void {
    if (states.hasProcesses(container.state)) return;
    container.become({ ...container.state, restartCount: 0, backoffMillis: 0 });
    this.#run(container, at);
  }

  /** The main process ends. */
  exit(
    container: SimulatedContainer,
    at: number,
    { exitCode, outOfMemory = false, asked = false }: Exit,
  ): void {
    if (!states.hasProcesses(container.state)) throw new Error(`Container ${container.id} is not running`);
    const { startedAt = at } = container.state;
    if (outOfMemory) this.#record(container, 'oom', at);
    container.become({ ...states.exitedState(container.state, at, exitCode), oomKilled: outOfMemory });
    const restarts = !asked && restartsAfter(container, exitCode);
    if (restarts) container.become(states.restartingState(container.state, container.spec.maxBackoffMillis));
    const execDuration = String(Math.floor((at - startedAt) / 1000));
    this.#record(container, 'die', at, { exitCode: String(exitCode), execDuration });
    recordNetworkEvents(this.#world.events, container, 'disconnect', at);
    if (container.spec.autoRemove) this.#destroy(container, at);
    else if (restarts) this.#runLater(container, at + container.state.backoffMillis);
  }

  stop(container: SimulatedContainer, at: number, exitCode: number): void {
    this.kill(container, at, { signal: 15, exitCode });
    this.#record(container, 'stop', at);
  }

  kill(container: SimulatedContainer, at: number, { signal = 9, exitCode = 137 } = {}): void {
    if (container.state.status === 'created' || container.state.status === 'exited') {
      throw new Error(`Container ${container.id} is not running`);
    }
    this.#record(container, 'kill', at, { signal: String(signal) });
    // Between two runs there is no process to die.
    if (container.state.status === 'restarting') return this.#abandon(container, at);
    this.exit(container, at, { exitCode, asked: true });
  }

  restart(container: SimulatedContainer, at: number, exitCode: number): void {
    if (container.state.pid !== 0) this.stop(container, at, exitCode);
    this.start(container, at);
    this.#record(container, 'restart', at);
  }

  pause(container: SimulatedContainer, at: number): void {
    if (container.state.status !== 'running') throw new Error(`Container ${container.id} is not running`);
    container.become(states.pausedState(container.state, at));
    this.#record(container, 'pause', at);
  }

  unpause(container: SimulatedContainer, at: number): void {
    if (container.state.status !== 'paused') throw new Error(`Container ${container.id} is not paused`);
    container.become(states.unpausedState(container.state, at));
    this.#record(container, 'unpause', at);
  }

  rename(container: SimulatedContainer, at: number, name: string): void {
    const oldName = `/${container.name}`;
    this.#world.containers.rename(container, name);
    this.#record(container, 'rename', at, { oldName });
  }

  update(container: SimulatedContainer, at: number, limits: NonNullable<ContainerSpec['limits']>): void {
    container.respecify({ ...container.spec, limits: { ...container.spec.limits, ...limits } });
    this.#record(container, 'update', at);
  }

  setHealth(container: SimulatedContainer, at: number, status: states.HealthState['status']): void {
    container.become({
      ...container.state,
      health: { status, failingStreak: status === 'unhealthy' ? 3 : 0 },
    });
    this.#record(container, `health_status: ${status}`, at);
  }

  /** `docker rm --force`. */
  remove(container: SimulatedContainer, at: number): void {
    if (container.state.pid !== 0 || container.state.status === 'restarting') this.kill(container, at);
    if (this.#world.containers.has(container)) this.#destroy(container, at);
  }

  #abandon(container: SimulatedContainer, at: number): void {
    const { exitCode, finishedAt = at } = container.state;
    container.become(states.exitedState(container.state, finishedAt, exitCode));
  }

  #create(given: ContainerSpec, at: number): SimulatedContainer {
    const { seed, host, containers } = this.#world;
    const spec = completeSpec(seed, given);
    this.#born += 1;
    const ordinal = this.#born;
    const id = spec.id ?? createHash('sha256').update(`${seed}/${ordinal}/${spec.name}`).digest('hex');
    const container = new SimulatedContainer(
      { id, spec, createdAt: at, seed, host, ordinal },
      states.created,
    );
    containers.add(container);
    return container;
  }

  #run(container: SimulatedContainer, at: number): void {
    const { ordinal, spec } = container;
    container.become(
      states.startedState(container.state, { at, ordinal, hasHealthcheck: spec.healthcheck !== undefined }),
    );
    recordNetworkEvents(this.#world.events, container, 'connect', at);
    this.#record(container, 'start', at);
    this.#foresee(container, at);
  }

  /** Schedules this run's end and its health checks, by the spec. */
  #foresee(container: SimulatedContainer, now: number): void {
    const { ending, healthcheck } = container.spec;
    if (ending) this.#endLater(container, now + ending.afterMillis);
    if (healthcheck && healthcheck.intervalMillis > 0) scheduleChecks(this, this.#world, container, now);
  }

  #endLater(container: SimulatedContainer, at: number): void {
    const { run } = container.state;
    const { ending } = container.spec;
    this.#world.timeline.schedule(at, (due) => {
      if (!ending || container.state.run !== run || !states.hasProcesses(container.state)) return;
      if (container.state.status === 'paused') return this.#endLater(container, due + 1000);
      this.exit(container, due, ending);
      if (ending.startedAgainAfterMillis !== undefined)
        this.#runLater(container, due + ending.startedAgainAfterMillis);
    });
  }

  /** Runs it again at that time, unless it is started, stopped or removed in between. */
  #runLater(container: SimulatedContainer, at: number): void {
    const { run, status } = container.state;
    this.#world.timeline.schedule(at, (due) => {
      const waits = container.state.run === run && container.state.status === status;
      if (waits && this.#world.containers.has(container)) this.#run(container, due);
    });
  }

  #destroy(container: SimulatedContainer, at: number): void {
    this.#world.containers.delete(container);
    this.#record(container, 'destroy', at);
  }

  #record(
    container: SimulatedContainer,
    action: string,
    at: number,
    attributes: Record<string, string> = {},
  ): void {
    recordContainerEvent(this.#world.events, container, { action, attributes }, at);
  }
}

function restartsAfter({ spec }: SimulatedContainer, exitCode: number): boolean {
  return spec.restart === 'on-failure' ? exitCode !== 0 : spec.restart !== 'no';
}

/** Sets a container's health after a check. */
interface HealthSetter {
  setHealth(container: SimulatedContainer, at: number, status: HealthState['status']): void;
}

interface CheckWorld {
  readonly events: EventLog;
  readonly timeline: Timeline;
}

/** Moby's default `--health-retries`. */
const retries = 3;
const command = '/bin/sh -c curl -fsS http://localhost/health';

/** Schedules the next health check of this run, and each the one after it. */
function scheduleChecks(
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
  if (streak === retries && status !== 'unhealthy') setter.setHealth(container, at, 'unhealthy');
  else container.become({ ...container.state, health: { status, failingStreak: streak } });
}

function passesAt({ spec, state }: SimulatedContainer, at: number): boolean {
  const { goodMillis, badMillis } = spec.healthcheck ?? { goodMillis: 1, badMillis: 0 };
  return (at - (state.startedAt ?? at)) % (goodMillis + badMillis) < goodMillis;
}

/** A check is an exec, and its three events are what floods an unfiltered events stream. */
function recordExec(events: EventLog, container: SimulatedContainer, passes: boolean, at: number): void {
  const execID = `${container.id.slice(32)}${container.id.slice(0, 32)}`;
  const record = (action: string, attributes: Record<string, string>): void =>
    recordContainerEvent(events, container, { action, attributes }, at);
  record(`exec_create: ${command}`, { execID });
  record(`exec_start: ${command}`, { execID });
  record('exec_die', { execID, exitCode: passes ? '0' : '1' });
}

/** Records an event of a container; as in Moby its attributes are the labels, the image and the name. */
function recordContainerEvent(
  events: EventLog,
  container: SimulatedContainer,
  { action, attributes }: { readonly action: string; readonly attributes: Readonly<Record<string, string>> },
  at: number,
): void {
  const { labels, image } = container.spec;
  const all = { ...labels, ...attributes, image, name: container.name };
  events.record({ type: 'container', action, actorId: container.id, attributes: all }, at);
}

/** Records that a container was connected to, or disconnected from, each of its networks. */
function recordNetworkEvents(
  events: EventLog,
  container: SimulatedContainer,
  action: 'connect' | 'disconnect',
  at: number,
): void {
  for (const name of container.spec.networks) {
    if (name.startsWith('container:')) continue;
    const type = name === 'host' || name === 'none' ? name : 'bridge';
    const attributes = { container: container.id, name, type };
    events.record({ type: 'network', action, actorId: networkId(name), attributes }, at);
  }
}
