import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValueType } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { ContainerMeter, observedIn } from '../../../src/export/container-producer.ts';
import { Entities } from '../../../src/export/entity.ts';
import { observeContainers } from '../../../src/export/observe-containers.ts';
import type { ContainerInstrument } from '../../../src/model/instrument.ts';
import type { RuntimeSnapshot } from '../../../src/model/snapshot.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import { namesOf, pointsIn } from '../../support/wire/collected-points.ts';
import { ObservedRuntime } from '../../support/fakes/observed-runtime.ts';
import { ampleMillis, TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

function valueTypes(scopes: readonly ScopeMetrics[]): Record<string, ValueType> {
  const metrics = scopes.flatMap((scope) => scope.metrics);
  return Object.fromEntries(metrics.map(({ descriptor: { name, valueType } }) => [name, valueType]));
}

test('counts and bytes go out as integers, seconds and ratios as doubles', async () => {
  const runtime = new ObservedRuntime(['a']);
  runtime.container('a').networks = [{ name: 'eth0', receivedBytes: 1, receivedPackets: 1 }];
  await runtime.collect();
  const types = valueTypes(await runtime.collect());
  for (const name of ['container.network.io', 'container.network.packet.count', 'container.memory.usage'])
    assert.equal(types[name], ValueType.INT, name);
  for (const name of ['container.cpu.time', 'container.cpu.usage', 'container.uptime'])
    assert.equal(types[name], ValueType.DOUBLE, name);
});

test('integers beyond 2^53 come out as the nearest double', async () => {
  const runtime = new ObservedRuntime(['a']);
  runtime.container('a').networks = [{ name: 'eth0', receivedBytes: 2n ** 60n + 1n }];
  const [point] = pointsIn(await runtime.collect(), 'a', 'container.network.io');
  assert.equal(point?.value, 2 ** 60);
});

test('profile docker_exporter is observed by the same trackers', async () => {
  const runtime = new ObservedRuntime(['a'], 'docker_exporter');
  runtime.container('a').restartCount = 2;
  const scopes = await runtime.collect();
  const points = pointsIn(scopes, 'a', 'docker_container_restart_count');
  assert.deepEqual(
    points.map(({ value }) => value),
    [2],
  );
});

test('the reader’s patience bounds the wait for a probe', async () => {
  const runtime = new ObservedRuntime(['a']);
  await runtime.collect();
  runtime.source.before = () => runtime.clock.sleep(60_000);
  await runtime.clock.advance(10_000);
  const collection = runtime.meter.collect({ timeoutMillis: 300 });
  await runtime.clock.advance(300);
  const { resourceMetrics } = await collection;
  assert.deepEqual(namesOf(resourceMetrics.scopeMetrics), ['a']);
  await runtime.clock.advance(ampleMillis);
});

test('a subject stays the same object until the identity is read anew, and carries what each reader needs', async () => {
  const runtime = new ObservedRuntime(['a']);
  // In its first minute it is inspected, and so its identity read, at every probe.
  runtime.container('a').startedAt -= 3_600_000;
  const subjectOf = (scopes: readonly ScopeMetrics[]) =>
    scopes.map((scope) => observedIn(scope)?.entity).find((entity) => entity?.labels['container_name']);
  const first = subjectOf(await runtime.collect());
  assert.equal(subjectOf(await runtime.collect()), first);
  assert.deepEqual(first?.labels, {
    container_name: 'a',
    container_id: runtime.container('a').id,
  });
  assert.deepEqual(first?.host.attributes, { 'host.name': 'host of unix:///scripted.sock' });
  assert.equal(first?.resource.attributes['container.id'], runtime.container('a').id);
  assert.equal(first?.resource.attributes['service.name'], undefined);
  runtime.container('a').name = 'renamed';
  assert.equal(subjectOf(await runtime.collect())?.labels['container_name'], 'renamed');
});

test('labels are as wanted', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe();
  const snapshot = runtime.snapshot('a');
  assert.ok(snapshot);
  const { labels } = new Entities({ containerIdLabel: false, runtimeLabel: true }).ofContainer(snapshot);
  assert.deepEqual(labels, { container_name: 'a', container_runtime_endpoint: 'unix:///scripted.sock' });
});

/** Shows the runtime's one container many times over, in that list alone. */
class Many extends Trackers {
  readonly #list: 'containers' | 'removed' | 'cgroups';

  constructor(runtime: TrackedRuntime, list: 'containers' | 'removed' | 'cgroups') {
    super([runtime.set], ampleMillis, runtime.observer);
    this.#list = list;
  }

  override snapshots(): readonly RuntimeSnapshot[] {
    return super.snapshots().map((snapshot) => {
      const [container] = snapshot.containers;
      assert.ok(container);
      return { ...snapshot, containers: [], [this.#list]: Array(60).fill({ ...container, path: '/a' }) };
    });
  }
}

for (const list of ['containers', 'removed', 'cgroups'] as const)
  test(`the event loop turns while many of ${list} are observed`, async () => {
    const runtime = new TrackedRuntime(['a']);
    await runtime.probe();
    let observations = 0;
    let before = Infinity;
    const observe = (): void => {
      if (observations === 0) setImmediate(() => (before = observations));
      observations += 1;
      const begun = performance.now();
      while (performance.now() - begun < 1);
    };
    const slow: ContainerInstrument = {
      name: 'slow',
      kind: 'gauge',
      unit: '1',
      description: 'Takes a millisecond.',
      attributes: [],
      source: 'list',
      stability: 'extension',
      observe,
      observeCgroup: observe,
    };
    const meter = new ContainerMeter();
    const entities = new Entities({ containerIdLabel: true, runtimeLabel: false });
    observeContainers(meter, new Many(runtime, list), { containers: [slow], runtime: [] }, entities);
    await meter.collect();
    assert.equal(observations, 60);
    assert.ok(before < 60);
  });
