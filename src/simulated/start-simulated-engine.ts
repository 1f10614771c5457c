import { scheduleChurn } from './churn.ts';
import { ContainerLife, type LifeWorld } from './container-life.ts';
import { ContainerSet } from './container-set.ts';
import type { ContainerSpec } from './container-spec.ts';
import { createHost } from './create-host.ts';
import { demoContainers } from './demo-containers.ts';
import { EngineFront } from './engine-front.ts';
import { EngineListener } from './engine-listener.ts';
import type { EngineHost } from './engine-host.ts';
import type { SimulatedEngineOptions } from './engine-options.ts';
import { EventLog } from './event-log.ts';
import { FaultTable } from './fault-table.ts';
import { hostileContainers } from './hostile-containers.ts';
import { LiveAnswers } from './live-answers.ts';
import { ordinaryContainers } from './ordinary-containers.ts';
import { RequestCounters } from './request-counters.ts';
import { SampleTicks } from './sample-ticks.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import { Timeline } from './timeline.ts';

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
