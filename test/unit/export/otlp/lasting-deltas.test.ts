import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueOf } from '../../../../src/metrics/catalogue.ts';
import { ContainerMeter } from '../../../../src/export/container-producer.ts';
import { DeltaProducer } from '../../../../src/export/otlp/delta-producer.ts';
import { observeContainers } from '../../../../src/export/observe-containers.ts';
import { Entities } from '../../../../src/export/entity.ts';
import { Trackers } from '../../../../src/tracker/trackers.ts';
import { pointsIn } from '../../../support/wire/collected-points.ts';
import { EndingRuntime } from '../../../support/fakes/ending-runtime.ts';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { ScriptedEvents } from '../../../support/fakes/scripted-events.ts';
import { ampleMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

const actionKey = 'container.event.action';

test('in delta temporality each event is handed over once, of its container and of its image', async () => {
  const events = new ScriptedEvents();
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: new ObservedEvents() });
  runtime.source.eventsOf = events.source;
  const meter = new ContainerMeter();
  const deltas = new DeltaProducer(meter, runtime.clock.now());
  const trackers = new Trackers([runtime.set], ampleMillis, runtime.observer);
  const entities = new Entities({ containerIdLabel: true, runtimeLabel: false });
  observeContainers(meter, trackers, catalogueOf(['semconv']), entities);
  const kills = async (name: string): Promise<number> => {
    const { resourceMetrics } = await deltas.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const points = metrics.flatMap(({ descriptor, dataPoints }) =>
      descriptor.name === name ? [...dataPoints] : [],
    );
    return points.reduce(
      (sum, { attributes, value }) => sum + (attributes[actionKey] === 'kill' ? Number(value) : 0),
      0,
    );
  };
  for (const name of ['container.image.events', 'container.events']) {
    await runtime.probe();
    await runtime.probe();
    await kills(name);
    const seen: number[] = [];
    for (let collection = 0; collection < 4; collection += 1) {
      if (collection === 1) events.emit(runtime.container('web').id, 'kill');
      await runtime.clock.advance(10_000);
      seen.push(await kills(name));
    }
    assert.deepEqual(seen, [0, 1, 0, 0], name);
  }
  runtime.set.close();
});

test('in delta temporality the rest of a life is handed over once, and a whole one that nobody saw', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const meter = new ContainerMeter();
  const deltas = new DeltaProducer(meter, runtime.clock.now());
  const trackers = new Trackers([runtime.set], ampleMillis, runtime.observer);
  const entities = new Entities({ containerIdLabel: true, runtimeLabel: false });
  observeContainers(meter, trackers, catalogueOf(['docker_stats']), entities);
  const collect = async (): Promise<Record<string, number[]>> => {
    await runtime.clock.advance(10_000);
    const { scopeMetrics } = (await deltas.collect()).resourceMetrics;
    const seen = (name: string): number[] =>
      pointsIn(scopeMetrics, name, 'container.cpu.usage.total').map(({ value }) => value);
    return { web: seen('web'), life: seen('life') };
  };
  const web = runtime.container('web');
  await collect();
  await collect();
  const before = web.cpuNanos;
  const life = new ScriptedContainer('life', runtime.clock);
  await runtime.clock.advance(1000);
  runtime.ends(web, before + 5e6);
  web.exit(0);
  runtime.ends(life, 7e6);
  runtime.emit(web, 'die');
  runtime.emit(life, 'create', 'start', 'die', 'destroy');
  await runtime.settle();
  assert.deepEqual(await collect(), { web: [5e6], life: [7e6] });
  assert.deepEqual(await collect(), { web: [], life: [] });
  runtime.set.close();
});
