import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueOf } from '../../../../src/metrics/catalogue.ts';
import { ContainerMeter } from '../../../../src/export/container-producer.ts';
import { DeltaProducer } from '../../../../src/export/otlp/delta-producer.ts';
import { observeContainers } from '../../../../src/export/observe-containers.ts';
import { Entities } from '../../../../src/export/entity.ts';
import { Trackers } from '../../../../src/tracker/trackers.ts';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
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
