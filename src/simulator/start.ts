import { scheduleChurn, demoContainers, hostileContainers, ordinaryContainers } from './world/scenarios.ts';
import { ContainerLife, type LifeWorld } from './world/container-life.ts';
import { ContainerSet } from './world/container-set.ts';
import type { ContainerSpec } from './world/container-spec.ts';
import { createHost } from './world/host.ts';
import { EngineFront } from './server/front.ts';
import { EngineListener } from './server/listener.ts';
import type { EngineHost } from './world/host.ts';
import type { SimulatedEngineOptions } from './options.ts';
import { EventLog } from './world/event-log.ts';
import { FaultTable } from './server/faults.ts';
import { LiveAnswers } from './answers/live-answers.ts';
import { RequestCounters } from './server/request-counters.ts';
import { SampleTicks } from './answers/sample-ticks.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import { Timeline } from './world/timeline.ts';

/** How often the world moves by itself, so that event streams need nobody to ask. */
const MOVE_MILLIS = 50;
const CHURN_MILLIS = 6000;

/** Starts an engine that listens when the promise resolves; close it to take its socket away. */
export async function startSimulatedEngine(options: SimulatedEngineOptions = {}): Promise<SimulatedEngine> {
  const world = createWorld(options);
  const { tickMillis = 1000, tickWait = false } = options;
  const answers = new LiveAnswers({ ...world, ticks: new SampleTicks(tickMillis) });
  const faults = new FaultTable();
  for (const { endpoint, fault, ...scope } of options.faults ?? []) faults.set(endpoint, fault, scope);
  const counters = new RequestCounters();
  const front = new EngineFront({ answers, faults, counters, tickWait });
  const listener = await EngineListener.listen(options, front.handle);
  const timer = options.now ? undefined : setInterval(() => world.timeline.advance(), MOVE_MILLIS).unref();
  const stopTimer = (): void => clearInterval(timer);
  return new SimulatedEngine({ ...world, front, faults, counters, listener, stopTimer });
}

/** The simulated world with everybody in it who is there from the start. */
function createWorld(options: SimulatedEngineOptions): LifeWorld & LiveWorldParts {
  const now = options.now ?? Date.now;
  const start = now();
  const seed = String(options.seed ?? 1);
  const host = createHost(options, start);
  const world = {
    seed,
    host,
    containers: new ContainerSet(),
    events: new EventLog(),
    timeline: new Timeline(now),
  };
  const life = new ContainerLife(world);
  for (const spec of initialContainers(seed, options)) life.place(spec, start);
  if (options.scenario === 'demo') {
    const run = (spec: ContainerSpec, at: number): unknown => life.add(spec, at);
    scheduleChurn(world.timeline, { seed, everyMillis: CHURN_MILLIS, run }, start);
  }
  return { ...world, life };
}

interface LiveWorldParts {
  readonly host: EngineHost;
  readonly life: ContainerLife;
}

function initialContainers(seed: string, options: SimulatedEngineOptions): ContainerSpec[] {
  return [
    ...(options.scenario === 'demo' ? demoContainers() : []),
    ...ordinaryContainers(seed, options.containers ?? 0),
    ...(options.hostile ? hostileContainers() : []),
    ...(options.specs ?? []),
  ];
}
