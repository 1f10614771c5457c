import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValueType } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { observedIn } from '../../../src/export/container-producer.ts';
import { Subjects } from '../../../src/export/entity.ts';
import { namesOf, pointsIn } from '../../support/wire/collected-points.ts';
import { ObservedEngine } from '../../support/fakes/observed-engine.ts';
import { patientMillis, TrackedEngine } from '../../support/fakes/tracked-engine.ts';

function valueTypes(scopes: readonly ScopeMetrics[]): Record<string, ValueType> {
  const metrics = scopes.flatMap((scope) => scope.metrics);
  return Object.fromEntries(metrics.map(({ descriptor: { name, valueType } }) => [name, valueType]));
}

test('counts and bytes go out as integers, seconds and ratios as doubles', async () => {
  const engine = new ObservedEngine(['a']);
  engine.container('a').networks = [{ name: 'eth0', receivedBytes: 1, receivedPackets: 1 }];
  await engine.collect();
  const types = valueTypes(await engine.collect());
  for (const name of ['container.network.io', 'container.network.packet.count', 'container.memory.usage'])
    assert.equal(types[name], ValueType.INT, name);
  for (const name of ['container.cpu.time', 'container.cpu.usage', 'container.uptime'])
    assert.equal(types[name], ValueType.DOUBLE, name);
});

test('integers beyond 2^53 come out as the nearest double', async () => {
  const engine = new ObservedEngine(['a']);
  engine.container('a').networks = [{ name: 'eth0', receivedBytes: 2n ** 60n + 1n }];
  const [point] = pointsIn(await engine.collect(), 'a', 'container.network.io');
  assert.equal(point?.value, 2 ** 60);
});

test('profile docker_exporter is observed by the same trackers', async () => {
  const engine = new ObservedEngine(['a'], 'docker_exporter');
  engine.container('a').restartCount = 2;
  const scopes = await engine.collect();
  const points = pointsIn(scopes, 'a', 'docker_container_restart_count');
  assert.deepEqual(
    points.map(({ value }) => value),
    [2],
  );
});

test('the reader’s patience bounds the wait for a probe', async () => {
  const engine = new ObservedEngine(['a']);
  await engine.collect();
  engine.source.before = () => engine.clock.sleep(60_000);
  await engine.clock.advance(10_000);
  const collection = engine.meter.collect({ timeoutMillis: 300 });
  await engine.clock.advance(300);
  const { resourceMetrics } = await collection;
  assert.deepEqual(namesOf(resourceMetrics.scopeMetrics), ['a']);
  await engine.clock.advance(patientMillis);
});

test('a subject stays the same object until the identity is read anew, and carries what each reader needs', async () => {
  const engine = new ObservedEngine(['a']);
  // In its first minute it is inspected, and so its identity read, at every probe.
  engine.container('a').startedAt -= 3_600_000;
  const subjectOf = (scopes: readonly ScopeMetrics[]) =>
    scopes
      .map((scope) => observedIn.get(scope)?.subject)
      .find((subject) => subject?.labels['container_name']);
  const first = subjectOf(await engine.collect());
  assert.equal(subjectOf(await engine.collect()), first);
  assert.deepEqual(first?.labels, {
    container_name: 'a',
    container_id: engine.container('a').id.slice(0, 12),
  });
  assert.deepEqual(first?.host.attributes, { 'host.name': 'host of unix:///scripted.sock' });
  assert.equal(first?.resource.attributes['container.id'], engine.container('a').id);
  assert.equal(first?.resource.attributes['service.name'], undefined);
  engine.container('a').name = 'renamed';
  assert.equal(subjectOf(await engine.collect())?.labels['container_name'], 'renamed');
});

test('labels are as wanted', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe();
  const snapshot = engine.snapshot('a');
  assert.ok(snapshot);
  const { labels } = new Subjects({ containerIdLabel: false, engineLabel: true }).ofContainer(snapshot);
  assert.deepEqual(labels, { container_name: 'a', engine: 'unix:///scripted.sock' });
});
