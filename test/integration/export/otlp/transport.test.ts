import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { OtlpTransport } from '../../../../src/export/otlp/transport.ts';
import type { OtlpTransportOptions, SendLimits } from '../../../../src/export/otlp/transport.ts';
import { closedOrigin } from '../../../support/real/daemon.ts';
import { ScriptedCollector } from '../../../support/fakes/scripted-collector.ts';
import type { ScriptedAnswer } from '../../../support/fakes/scripted-collector.ts';

const plain: Omit<OtlpTransportOptions, 'url'> = {
  protocol: 'http/json',
  headers: {},
  compression: 'none',
  requestTimeoutMillis: 20_000,
  tls: {},
  proxy: {},
};

/** The failure of one request to that URL. */
async function failure(
  url: string,
  options: Partial<OtlpTransportOptions> = {},
  limits: SendLimits = { attempts: 1 },
) {
  const transport = new OtlpTransport({ ...plain, url, ...options });
  const outcome = await transport.send(Buffer.from('{}'), limits);
  transport.close();
  assert.ok(outcome.status !== 'success');
  return outcome;
}

/** A server that sends these bytes on each connection. */
async function answering(bytes: Uint8Array) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

const settingsFrame = Uint8Array.of(0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 64, 0);

/** google.rpc.Status with code 3 and that message. */
function status(message: string): Uint8Array {
  const text = Buffer.from(message);
  return Buffer.concat([Uint8Array.of(0x08, 3, 0x12, text.length), text]);
}

const json = { 'content-type': 'application/json' };
const protobuf = { 'content-type': 'application/x-protobuf' };

const refusals: readonly (readonly [answer: Exclude<ScriptedAnswer, Function>, reason: string])[] = [
  [
    { status: 401, headers: json, body: '{"code":16,"message":"the token has expired"}' },
    'answers 401: the token has expired; it wants other credentials',
  ],
  [
    { status: 400, headers: protobuf, body: status('http: request body too large') },
    'answers 400: http: request body too large',
  ],
  [
    { status: 429, headers: json, body: '{"error":{"message":"ingestion rate limit reached"}}' },
    'answers 429: ingestion rate limit reached',
  ],
  [{ status: 400, headers: protobuf, body: 'no protobuf' }, 'answers 400: no protobuf'],
  [{ status: 500, headers: json, body: '{"errors":["a","b"]}' }, 'answers 500: a'],
  [{ status: 500, headers: json, body: '{broken' }, 'answers 500: {broken'],
  [{ status: 503, body: 'no healthy\r\n\tupstream\u0007' }, 'answers 503: no healthy upstream'],
  [
    { status: 502, body: '<html><head><title>502 Bad Gateway</title></head><body>…' },
    'answers 502: 502 Bad Gateway',
  ],
  [{ status: 400 }, 'answers 400: Bad Request'],
  [{ status: 400, body: 'x'.repeat(100_000) }, `answers 400: ${'x'.repeat(300)}…`],
  [
    { status: 404, body: '404 page not found\n' },
    'answers 404: 404 page not found; is this the OTLP/HTTP port (usually 4318)?',
  ],
  [{ status: 302, headers: { location: '/login' } }, 'answers 302: redirects are not followed: /login'],
];

for (const [answer, reason] of refusals) {
  test(`the reason has the collector's own words: ${reason.slice(0, 80)}`, async () => {
    await using collector = await ScriptedCollector.start();
    collector.answer = () => answer;
    const {
      reason: given,
      error,
      address,
      status: outcome,
      concernsRequest,
    } = await failure(collector.origin);
    assert.equal(given, reason);
    assert.equal(error, String(answer.status));
    assert.equal(address, new URL(collector.origin).host);
    assert.equal(outcome, [429, 502, 503].includes(answer.status ?? 0) ? 'retryable' : 'refused');
    assert.equal(concernsRequest, answer.status === 400);
  });
}

test('a path that was given twice is named', async () => {
  await using collector = await ScriptedCollector.start();
  collector.answer = () => ({ status: 404 });
  const { reason } = await failure(`${collector.origin}/v1/metrics/v1/metrics`);
  assert.equal(reason, 'answers 404: the path /v1/metrics/v1/metrics has /v1/… twice');
});

test('a gRPC port, and what speaks no HTTP at all, are not taken for a collector that fails', async () => {
  using grpc = await answering(settingsFrame);
  const http2 = await failure(grpc.origin);
  assert.equal(http2.reason, 'answers in HTTP/2, as a gRPC port does: OTLP/HTTP is usually on port 4318');
  assert.deepEqual([http2.error, http2.status], ['HPE_INVALID_CONSTANT', 'refused']);
  using other = await answering(Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'));
  assert.match(
    (await failure(other.origin)).reason,
    /^answers with what is no HTTP\/1\.1 .*usually on port 4318$/,
  );
  const secure = await failure(other.origin.replace('http:', 'https:'));
  assert.equal(secure.reason, 'speaks no TLS: is it http:// instead of https://?');
});

test('a connection that fails has the address that was tried, the proxy where it was that', async () => {
  const closed = closedOrigin();
  const { host } = new URL(closed);
  const direct = await failure(closed);
  assert.deepEqual(
    [direct.reason, direct.address, direct.error, direct.status],
    [`connect ECONNREFUSED ${host}`, host, 'ECONNREFUSED', 'retryable'],
  );
  await using collector = await ScriptedCollector.start();
  collector.answer = () => (response) => void response.destroy();
  // One attempt, for a second one may have no time left.
  const reset = await failure(collector.origin);
  assert.deepEqual([reset.error, reset.status], ['ECONNRESET', 'retryable']);
  const unknown = await failure('http://collector.invalid:4318/v1/metrics');
  assert.match(unknown.reason, /^getaddrinfo (?:ENOTFOUND|EAI_AGAIN) collector\.invalid$/);
  assert.equal(unknown.address, 'collector.invalid:4318');
  const proxy = { proxy: new URL(closed.replace('//', '//me:secret@')) };
  const byProxy = await failure('http://collector.invalid:4318/v1/metrics', { proxy });
  assert.deepEqual(
    [byProxy.reason, byProxy.address],
    [`by the proxy ${closed}: connect ECONNREFUSED ${host}`, `proxy ${host}`],
  );
  const ignored = await failure(closed, { proxy: { ignored: 'HTTP_PROXY is not used: why' } });
  assert.equal(ignored.reason, `connect ECONNREFUSED ${host}; HTTP_PROXY is not used: why`);
});

test('a pause that the collector asks for is taken, and none is begun that ends too late', async () => {
  await using collector = await ScriptedCollector.start();
  const asking = (seconds: string) => ({ status: 503, headers: { 'Retry-After': seconds } });
  collector.answer = (index) => (index === 0 ? asking('0') : asking('3600'));
  const { retryAfterMillis } = await failure(collector.origin, {}, {});
  assert.deepEqual([retryAfterMillis, collector.requests.length], [3_600_000, 2]);
});

test('a transport that is closed gives up at once what is under way and what comes', async () => {
  await using collector = await ScriptedCollector.start();
  const transport = new OtlpTransport({ ...plain, url: collector.origin });
  collector.answer = () => () => transport.close();
  const outcomes = [await transport.send(Buffer.from('{}')), await transport.send(Buffer.from('{}'))];
  for (const outcome of outcomes)
    assert.deepEqual(outcome.status !== 'success' && [outcome.error, outcome.reason], [
      'timeout',
      'timeout: the agent ends',
    ]);
  assert.equal(collector.requests.length, 1);
});
