import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { requestsOf, requestSerializer } from '../../../../src/export/otlp/requests.ts';
import type { OtlpLayout } from '../../../../src/export/otlp/requests.ts';
import type { OtlpProtocol } from '../../../../src/export/otlp/transport.ts';
import { asCollected, collectMany } from '../../../support/wire/otlp-exports.ts';

const collectorLimit = 20 * 1024 * 1024;
const layouts: readonly OtlpLayout[] = ['container', 'flat'];

/** The names of the containers in a request, each once. */
function containersOf(request: ResourceMetrics[]): Set<unknown> {
  const metrics = request.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const onPoints = metrics.flatMap(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes));
  const identities = [...request.map(({ resource }) => resource.attributes), ...onPoints];
  const names = new Set(identities.map((attributes) => attributes['container.name']));
  names.delete(undefined);
  return names;
}

function pointsOf(request: ResourceMetrics[]): number {
  const metrics = request.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
}

function bytesOf(request: ResourceMetrics[], protocol: OtlpProtocol = 'http/json'): number {
  return requestSerializer(protocol).serializeRequest(request)?.length ?? 0;
}

const own = { scope: { name: 'own' }, metrics: [] };

test('5,000 containers go out in requests under the Collector’s limit, each container in one of them', async () => {
  const scopes = await collectMany(5000);
  for (const layout of layouts) {
    const seen = new Set<unknown>();
    let [points, requests] = [0, 0];
    for (const request of requestsOf(asCollected([own, ...scopes]), layout)) {
      assert.ok(bytesOf(request, 'http/protobuf') < collectorLimit);
      assert.ok(pointsOf(request) <= 5000, 'more would hold the event loop');
      for (const name of containersOf(request)) {
        assert.ok(!seen.has(name), `${String(name)} is split`);
        seen.add(name);
      }
      points += pointsOf(request);
      requests += 1;
    }
    assert.equal(seen.size, 5000);
    assert.ok(points > 5000 * 45, `${points}`);
    assert.ok(requests < 150, `${requests}`);
  }
});

for (const [layout, count] of [
  ['container', 60],
  ['flat', 3],
] as const) {
  test(`${layout}: containers with 64 KiB labels do not swell a request over the limit`, async () => {
    const scopes = await collectMany(count, (runtime) => {
      const labels = {
        'io.kubernetes.pod.name': '€'.repeat(65_536),
        'io.kubernetes.pod.uid': '€'.repeat(65_536),
      };
      for (const container of runtime.source.containers) container.labels = labels;
    });
    const requests = [...requestsOf(asCollected(scopes), layout)];
    assert.equal(new Set(requests.flatMap((request) => [...containersOf(request)])).size, count);
    for (const request of requests) assert.ok(bytesOf(request) < collectorLimit, `${bytesOf(request)}`);
  });
}

test('the agent’s own metrics come first, once, under the agent’s Resource, which no container carries', async () => {
  const scopes = await collectMany(250);
  for (const layout of layouts) {
    const requests = [...requestsOf(asCollected([own, ...scopes]), layout)];
    const withAgent = requests.map((request) =>
      request.flatMap(({ resource, scopeMetrics }) =>
        resource.attributes['service.name'] === undefined ? [] : scopeMetrics.map(({ scope }) => scope.name),
      ),
    );
    assert.deepEqual(withAgent[0], ['own']);
    assert.ok(requests.length > 1 && withAgent.slice(1).every((names) => names.length === 0));
  }
});

test('without containers the agent’s metrics go alone; without anything nothing goes', () => {
  for (const layout of layouts) {
    assert.equal([...requestsOf(asCollected([own]), layout)].length, 1);
    assert.equal([...requestsOf(asCollected([]), layout)].length, 0);
  }
});

test('flat: one Resource per host, each metric once, the identity on the points', async () => {
  const [request] = requestsOf(asCollected(await collectMany(3)), 'flat');
  assert.ok(request && request.length === 1);
  const [{ resource, scopeMetrics } = asCollected([])] = request;
  assert.deepEqual(resource.attributes, { 'host.name': 'host of unix:///scripted.sock' });
  const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
  const names = metrics.map(({ descriptor }) => descriptor.name);
  assert.equal(new Set(names).size, names.length);
  const cpu = metrics.find(({ descriptor }) => descriptor.name === 'container.cpu.time');
  assert.deepEqual(
    cpu?.dataPoints.map(({ attributes }) => [attributes['container.name'], attributes['cpu.mode']]),
    [0, 1, 2].flatMap((index) => ['user', 'system'].map((mode) => [`container-${index}`, mode])),
  );
  assert.ok(cpu?.dataPoints.every(({ attributes }) => attributes['host.name'] === undefined));
});
