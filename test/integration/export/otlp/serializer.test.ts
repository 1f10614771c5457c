import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { requestsOf, requestSerializer } from '../../../../src/export/otlp/requests.ts';
import type { OtlpProtocol } from '../../../../src/export/otlp/transport.ts';
import type { OtlpRequest } from '../../../support/real/collector.ts';
import { skipUnless } from '../../../support/real/component.ts';
import { decodeOtlp } from '../../../support/real/python.ts';
import { asCollected, collectMany } from '../../../support/wire/otlp-exports.ts';
import { pointsNamed, pointsOf } from '../../../support/wire/otlp-points.ts';

const hostile = [
  'quote"\\',
  'new\nline',
  'nul\u0000',
  'emoji 🦑',
  'long'.repeat(16_384),
  '"}],"resourceMetrics":[',
];

function encode(protocol: OtlpProtocol, request: Parameters<typeof pick>[0]): Uint8Array {
  return pick(request, protocol);
}

function pick(scopes: Awaited<ReturnType<typeof collectMany>>, protocol: OtlpProtocol): Uint8Array {
  const [request = []] = requestsOf(asCollected(scopes), 'container');
  const bytes = requestSerializer(protocol).serializeRequest(request);
  assert.ok(bytes);
  return bytes;
}

async function hostileCollection() {
  return collectMany(hostile.length, (runtime) => {
    for (const [index, container] of runtime.source.containers.entries())
      container.name = hostile[index] ?? '';
  });
}

function containersOf({ resourceMetrics = [] }: OtlpRequest): unknown[] {
  return resourceMetrics.flatMap(({ resource }) =>
    (resource?.attributes ?? []).flatMap(({ key, value }) =>
      key === 'container.name' ? [value?.stringValue] : [],
    ),
  );
}

test('JSON: one ResourceMetrics per container, whatever it is called', async () => {
  const bytes = encode('http/json', await hostileCollection());
  const request: OtlpRequest = JSON.parse(Buffer.from(bytes).toString());
  assert.deepEqual(containersOf(request), hostile);
});

test(
  'protobuf: the same to an independent decoder, point by point',
  { skip: skipUnless('python') },
  async () => {
    const scopes = await hostileCollection();
    const decoded = await decodeOtlp(encode('http/protobuf', scopes));
    const request: OtlpRequest = JSON.parse(Buffer.from(encode('http/json', scopes)).toString());
    assert.deepEqual(containersOf(decoded), hostile);
    assert.deepEqual(pointsOf(decoded), pointsOf(request));
    const [received] = pointsNamed(decoded, 'emoji 🦑', 'container.network.io');
    assert.deepEqual([received?.value, received?.kind], [2 ** 60, 'counter']);
  },
);

test('no resource at all is an empty request', () => {
  assert.equal(
    Buffer.from(requestSerializer('http/json').serializeRequest([]) ?? []).toString(),
    '{"resourceMetrics":[]}',
  );
  assert.equal(requestSerializer('http/protobuf').serializeRequest([])?.length, 0);
});

test('a resource without metrics stays one', () => {
  const empty = { resource: resourceFromAttributes({ a: 'b' }), scopeMetrics: [] };
  const bytes = requestSerializer('http/json').serializeRequest([empty, empty]);
  const request: OtlpRequest = JSON.parse(Buffer.from(bytes ?? []).toString());
  assert.equal(request.resourceMetrics?.length, 2);
});

test('partial success is read in both encodings', () => {
  const protobuf = requestSerializer('http/protobuf').deserializeResponse(
    Uint8Array.of(0x0a, 0x02, 0x08, 0x07),
  );
  const json = requestSerializer('http/json').deserializeResponse(
    new TextEncoder().encode('{"partialSuccess":{"rejectedDataPoints":"7"}}'),
  );
  for (const { partialSuccess } of [protobuf, json])
    assert.equal(Number(partialSuccess?.rejectedDataPoints), 7);
});
