import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { StaleSeries } from '../../../../src/export/otlp/ended-series.ts';
import { requestSerializer } from '../../../../src/export/otlp/requests.ts';
import { StaleMarkers } from '../../../../src/export/otlp/stale-encoding.ts';
import type { OtlpProtocol } from '../../../../src/export/otlp/transport.ts';
import type { OtlpMetric, OtlpRequest } from '../../../support/real/collector.ts';
import { skipUnless } from '../../../support/real/component.ts';
import { decodeOtlp } from '../../../support/real/python.ts';
import { asCollected, collectMany, plainOptions } from '../../../support/wire/otlp-exports.ts';
import { markersOf, pointsOf } from '../../../support/wire/otlp-points.ts';

const hostile = [
  'quote"\\',
  'new\nline',
  'nul\u0000',
  'emoji 🦑',
  'long'.repeat(40_000),
  '"}],"flags":[',
  '',
];

/** Markers of all series of these containers. */
async function markersFor(
  scopes: readonly ScopeMetrics[],
  layout: 'container' | 'flat',
): Promise<ResourceMetrics[]> {
  const stale = new StaleSeries({ ...plainOptions, layout });
  await stale.compare(asCollected([...scopes]));
  await stale.compare(asCollected([]));
  return [...stale.requestsOf(asCollected([]))].flatMap(({ resources }) => resources);
}

function encode(protocol: OtlpProtocol, resources: ResourceMetrics[]): Uint8Array {
  return requestSerializer(protocol).serializeRequest(resources) ?? new Uint8Array();
}

function asJson(resources: ResourceMetrics[]): OtlpRequest {
  return JSON.parse(Buffer.from(encode('http/json', resources)).toString());
}

function metricsOf({ resourceMetrics = [] }: OtlpRequest): OtlpMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics = [] }) =>
    scopeMetrics.flatMap(({ metrics = [] }) => metrics),
  );
}

for (const layout of ['container', 'flat'] as const) {
  test(
    `${layout}: markers to an independent decoder: each series alone, flagged, without a value`,
    { skip: skipUnless('python') },
    async () => {
      const scopes = await collectMany(hostile.length, (runtime) => {
        for (const [index, container] of runtime.source.containers.entries())
          container.name = hostile[index] ?? '';
      });
      const markers = await markersFor(scopes, layout);
      const decoded = await decodeOtlp(encode('http/protobuf', markers));
      assert.deepEqual(markersOf(decoded), markersOf(asJson(markers)));
      const points = metricsOf(decoded).map(({ gauge, sum }) => (gauge ?? sum)?.dataPoints ?? []);
      assert.ok(points.length > 40 * hostile.length);
      for (const [point, ...more] of points) {
        assert.deepEqual(more, []);
        assert.equal(point?.flags, 1);
        assert.deepEqual(
          [point?.asInt, point?.asDouble, point?.startTimeUnixNano],
          [undefined, undefined, undefined],
        );
      }
    },
  );
}

test('markers stand beside figures, and have their descriptors', { skip: skipUnless('python') }, async () => {
  const scopes = await collectMany(2);
  const live = scopes.map((scope) => ({
    resource: resourceFromAttributes({ a: 'b' }),
    scopeMetrics: [scope],
  }));
  const markers = live.map((one) => new StaleMarkers(one));
  for (const request of [
    await decodeOtlp(encode('http/protobuf', [...live, ...markers])),
    asJson([...live, ...markers]),
  ]) {
    const [before, after] = [pointsOf(request), markersOf(request)].map((points) =>
      points.map(({ resource, name, unit, kind, attributes, nanos }) => [
        resource,
        name,
        unit,
        kind,
        attributes,
        nanos,
      ]),
    );
    assert.deepEqual(after, before);
    const bare = metricsOf(request).map(({ name, description, unit, sum }) =>
      [name, description, unit, sum?.isMonotonic ?? false, sum?.aggregationTemporality].join('|'),
    );
    assert.equal(
      new Set(bare).size,
      new Set(scopes.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor))).size,
    );
  }
});

test('every kind of attribute value', { skip: skipUnless('python') }, async () => {
  const attributes = {
    text: 'ä',
    whole: 2 ** 40,
    negative: -7,
    part: 0.5,
    yes: true,
    no: false,
    list: ['a', 'b'],
    numbers: [1, -1],
    none: undefined,
  };
  const [scope] = await collectMany(1);
  assert.ok(scope);
  const one = new StaleMarkers({
    resource: resourceFromAttributes(attributes),
    scopeMetrics: [{ ...scope, scope: { name: 's', version: '1' } }],
  });
  const stock = { resource: one.resource, scopeMetrics: [{ ...scope, scope: { name: 's', version: '1' } }] };
  const [ours, theirs] = [
    await decodeOtlp(encode('http/protobuf', [one])),
    await decodeOtlp(encode('http/protobuf', [stock])),
  ];
  const head = ({ resourceMetrics = [] }: OtlpRequest): unknown =>
    resourceMetrics.map(({ resource, scopeMetrics = [] }) => [
      resource,
      scopeMetrics.map((each) => each.scope),
    ]);
  assert.deepEqual(head(ours), head(theirs));
  const [fromOurs, fromTheirs] = [asJson([one]), asJson([stock])].map(({ resourceMetrics = [] }) =>
    resourceMetrics.map(({ resource }) => resource?.attributes),
  );
  assert.deepEqual(fromOurs, fromTheirs);
});
