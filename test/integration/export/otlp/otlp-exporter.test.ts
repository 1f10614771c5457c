import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { OtlpExporter } from '../../../../src/export/otlp/otlp-exporter.ts';
import { asCollected, collectMany, exportOnce, plainOptions } from '../../../support/wire/otlp-exports.ts';
import { startHangingServer } from '../../../support/fakes/hanging-server.ts';
import { ScriptedCollector } from '../../../support/fakes/scripted-collector.ts';

async function few(): Promise<ResourceMetrics> {
  return asCollected(await collectMany(3));
}

/** More than go into one request. */
async function many(): Promise<ResourceMetrics> {
  return asCollected(await collectMany(300));
}

test('the wire: path, content type, headers, gzip when wanted', async () => {
  await using collector = await ScriptedCollector.start();
  const url = `${collector.origin}/custom/v1/metrics`;
  const headers = { Authorization: 'Bearer 1', 'X-Scope': 'ä' };
  const plain = await exportOnce(url, await few(), { headers });
  const packed = await exportOnce(url, await few(), { protocol: 'http/protobuf', compression: 'gzip' });
  const [first, second] = collector.requests;
  assert.ok(first && second);
  assert.deepEqual([first.url, second.url], ['/custom/v1/metrics', '/custom/v1/metrics']);
  assert.equal(first.headers.authorization, 'Bearer 1');
  assert.deepEqual(
    [first, second].map((each) => [each.headers['content-type'], each.headers['content-encoding']]),
    [
      ['application/json', undefined],
      ['application/x-protobuf', 'gzip'],
    ],
  );
  assert.ok(second.raw.length < second.body.length);
  assert.deepEqual([plain.bytes, packed.bytes], [first.body.length, second.body.length]);
  assert.deepEqual([plain.succeeded, plain.error, packed.succeeded], [true, undefined, true]);
});

test('the variables of the process have no say besides the options', async (context) => {
  const variables = {
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-secret=1',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere.example',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere.pem',
  };
  Object.assign(process.env, variables);
  context.after(() => Object.keys(variables).forEach((name) => delete process.env[name]));
  await using collector = await ScriptedCollector.start();
  collector.answer = () => (response) => setTimeout(() => response.end(), 50);
  const { succeeded } = await exportOnce(collector.origin, await few(), { headers: { 'X-A': '1' } });
  const { headers = {} } = collector.requests[0] ?? {};
  assert.equal(succeeded, true);
  assert.equal(headers['x-a'], '1');
  for (const name of ['authorization', 'x-secret', 'content-encoding'])
    assert.equal(headers[name], undefined, name);
});

test('what the collector refuses while it answers 200 is counted over all requests', async () => {
  await using collector = await ScriptedCollector.start();
  collector.answer = () => ({ body: '{"partialSuccess":{"rejectedDataPoints":"7"}}' });
  const json = await exportOnce(collector.origin, await many());
  assert.deepEqual([json.rejectedPoints, json.succeeded], [7 * collector.requests.length, true]);
  assert.ok(collector.requests.length > 2);
  collector.answer = () => ({ body: Uint8Array.of(0x0a, 0x02, 0x08, 0x09) });
  const protobuf = await exportOnce(collector.origin, await few(), { protocol: 'http/protobuf' });
  assert.equal(protobuf.rejectedPoints, 9);
  collector.answer = () => ({ body: 'OK' });
  const nonsense = await exportOnce(collector.origin, await few());
  assert.deepEqual([nonsense.rejectedPoints, nonsense.succeeded], [0, true]);
});

test('an export that cannot be made, or whose end cannot be observed, fails alone', async () => {
  await using collector = await ScriptedCollector.start();
  const good = await few();
  const broken: ResourceMetrics = {
    ...good,
    get scopeMetrics(): ResourceMetrics['scopeMetrics'] {
      throw new Error('no scopes');
    },
  };
  const reasons: (string | undefined)[] = [];
  const observer = {
    exportEnded({ reason }: { readonly reason?: string }): void {
      if (reasons.push(reason) === 2) throw new Error('the observer broke');
    },
  };
  const exporter = new OtlpExporter({ ...plainOptions, url: collector.origin, observer });
  const exported = (collected: ResourceMetrics): Promise<ExportResult> =>
    new Promise((resolve) => exporter.export(collected, resolve));
  const results = await Promise.all([exported(broken), exported(good)]);
  exporter.export(good, () => {
    throw new Error('the reader broke');
  });
  results.push(await exported(good));
  await exporter.shutdown();
  assert.deepEqual(
    results.map(({ code, error }) => [code, error?.message]),
    [
      [ExportResultCode.FAILED, 'cannot be encoded: no scopes'],
      [ExportResultCode.FAILED, 'the observer broke'],
      [ExportResultCode.SUCCESS, undefined],
    ],
  );
  assert.deepEqual(reasons, ['cannot be encoded: no scopes', undefined, undefined, undefined]);
});

test('503 is tried again as the collector asks', async () => {
  await using collector = await ScriptedCollector.start();
  collector.answer = (index) =>
    index === 0 ? { status: 503, headers: { 'Retry-After': new Date(0).toUTCString() } } : {};
  const { succeeded, error } = await exportOnce(collector.origin, await few());
  assert.deepEqual([succeeded, error, collector.requests.length], [true, undefined, 2]);
});

test('failures have a class of low cardinality', async () => {
  const collected = await few();
  await using collector = await ScriptedCollector.start();
  const failed = async (requestTimeoutMillis: number): Promise<unknown[]> => {
    const result = await exportOnce(collector.origin, collected, { requestTimeoutMillis });
    return [result.error, result.succeeded];
  };
  collector.answer = () => ({ status: 401, body: 'who are you, request 4711?' });
  assert.deepEqual(await failed(60_000), ['401', false]);
  // Longer than the request may take: the response counts, and no second try can end it otherwise.
  collector.answer = () => ({ status: 503, headers: { 'retry-after': '600' } });
  assert.deepEqual(await failed(60_000), ['503', false]);
  collector.answer = () => () => undefined;
  assert.deepEqual(await failed(150), ['timeout', false]);
});

test('a request that is refused for what is in it holds no other back; a collector that refuses all is left alone', async () => {
  const collected = await many();
  for (const [status, isAlone] of [
    [400, true],
    [413, true],
    [401, false],
  ] as const) {
    await using collector = await ScriptedCollector.start();
    collector.answer = (index) => (index === 0 ? { status } : {});
    const { error, succeeded } = await exportOnce(collector.origin, collected);
    assert.deepEqual([error, succeeded], [String(status), false]);
    assert.equal(collector.requests.length > 1, isAlone);
  }
});

test('all requests of an export have one deadline, even when an answer never ends', async () => {
  const collected = await many();
  await using slow = await ScriptedCollector.start();
  slow.answer = () => (response) => setTimeout(() => response.end(), 120);
  const limits = { exportTimeoutMillis: 200, requestTimeoutMillis: 5000 };
  const late = await exportOnce(slow.origin, collected, limits);
  assert.deepEqual([late.error, late.succeeded], ['timeout', false]);
  assert.ok(late.seconds < 20, `${late.seconds}`);
  assert.ok(slow.requests.length <= 2, 'no request begins after it');
  await using dripping = await ScriptedCollector.start();
  const drips: NodeJS.Timeout[] = [];
  dripping.answer = () => (response) => void drips.push(setInterval(() => response.write(' '), 20));
  const never = await exportOnce(dripping.origin, collected, limits);
  for (const drip of drips) clearInterval(drip);
  assert.deepEqual([never.error, never.succeeded], ['timeout', false]);
  assert.ok(never.seconds < 20, `${never.seconds}`);
});

test('what cannot be encoded fails the export, not the process', async () => {
  await using collector = await ScriptedCollector.start();
  const { resource, scopeMetrics } = await few();
  const broken = {
    scope: { name: 'own' },
    get metrics(): never[] {
      throw new TypeError('cannot be encoded');
    },
  };
  const result = await exportOnce(collector.origin, { resource, scopeMetrics: [broken, ...scopeMetrics] });
  assert.deepEqual([result.error, result.succeeded], ['TypeError', false]);
});

test('a proxy is used: absolute URI for http, CONNECT for https', async () => {
  const collected = await few();
  await using collector = await ScriptedCollector.start();
  await using proxy = await ScriptedCollector.start();
  const chosen = { proxy: { proxy: new URL(proxy.origin) } };
  await exportOnce(`http://collector.example:4318/v1/metrics`, collected, chosen);
  assert.equal(proxy.requests[0]?.url, 'http://collector.example:4318/v1/metrics');
  const secure = collector.origin.replace('http:', 'https:');
  const { succeeded } = await exportOnce(secure, collected, { ...chosen, requestTimeoutMillis: 5000 });
  assert.deepEqual([proxy.connects, succeeded], [[new URL(collector.origin).host], false]);
  await exportOnce(collector.origin, collected);
  assert.deepEqual([proxy.requests.length, collector.requests.length], [1, 1]);
});

test('what the encoding takes is no more to be waited for a response', async () => {
  using collector = await startHangingServer();
  const collected = await few();
  const [metric] = collected.scopeMetrics.flatMap(({ metrics }) => metrics);
  assert.ok(metric);
  let millis = 0;
  // Only the encoding reads it.
  const encoded = (): string => {
    millis = 9_900;
    return '';
  };
  Object.defineProperty(metric.descriptor, 'description', { get: encoded, enumerable: true });
  const times = { exportTimeoutMillis: 10_000, requestTimeoutMillis: 10_000, monotonic: () => millis };
  const { reason } = await exportOnce(`http://${collector.address}`, collected, times);
  assert.match(reason ?? '', /within 100 ms/);
});
