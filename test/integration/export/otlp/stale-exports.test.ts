import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueOf } from '../../../../src/metrics/catalogue.ts';
import type { ExportResult } from '../../../../src/model/observers.ts';
import type { OtlpExporterOptions } from '../../../../src/export/otlp/otlp-exporter.ts';
import { Telemetry } from '../../../../src/export/telemetry.ts';
import { Trackers } from '../../../../src/tracker/trackers.ts';
import { SourceError } from '../../../../src/sources/source-error.ts';
import { closedOrigin } from '../../../support/real/daemon.ts';
import { heapBytes } from '../../../support/assert/heap-bytes.ts';
import { plainOptions } from '../../../support/wire/otlp-exports.ts';
import { markersOf, pointsOf, type Point } from '../../../support/wire/otlp-points.ts';
import { ScriptedCollector } from '../../../support/fakes/scripted-collector.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { ampleMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

const temporalities = ['cumulative', 'delta', 'lowmemory'] as const;

/** The agent's telemetry over a scripted runtime, pushing to a collector. */
class Pushing implements AsyncDisposable {
  readonly runtime: TrackedRuntime;
  readonly exports: ExportResult[] = [];
  readonly #telemetry: Telemetry;

  constructor(names: readonly string[], url: string, changed: Partial<OtlpExporterOptions> = {}) {
    const runtime = new TrackedRuntime(names);
    const clock = { now: () => runtime.clock.now(), monotonic: () => runtime.clock.monotonic() };
    this.runtime = runtime;
    this.#telemetry = new Telemetry(
      {
        resource: { 'service.name': 'tidegauge' },
        otlp: { ...plainOptions, ...clock, url, ...changed },
        console: false,
        prometheus: false,
        intervalMillis: 60_000,
        exportTimeoutMillis: 60_000,
        hostName: 'host',
        now: runtime.clock.now(),
      },
      { exportEnded: (result) => void this.exports.push(result) },
    );
    const trackers = new Trackers([runtime.set], ampleMillis, runtime.observer);
    const labels = { containerIdLabel: true, runtimeLabel: false };
    this.#telemetry.observe(trackers, catalogueOf(['semconv']), labels);
    this.#telemetry.meter.createCounter('own').add(1);
  }

  async flush(afterMillis = 10_000): Promise<void> {
    await this.runtime.clock.advance(afterMillis);
    await this.#telemetry.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#telemetry.shutdown(ampleMillis);
  }
}

/** Series that the last request ended, and those that it still has. */
function lastOf(collector: ScriptedCollector): { ended: Set<string>; live: Set<string> } {
  const request = collector.json().at(-1) ?? {};
  return { ended: new Set(markersOf(request).map(keyOf)), live: new Set(pointsOf(request).map(keyOf)) };
}

function keyOf({ resource, name, attributes }: Point): string {
  return JSON.stringify([resource['container.name'], name, attributes]);
}

for (const temporality of temporalities) {
  test(`${temporality}: nothing ends while all is as it was, and a removed container ends whole`, async () => {
    await using collector = await ScriptedCollector.start();
    await using pushing = new Pushing(['a', 'b'], collector.origin, { temporality });
    for (let round = 0; round < 2; round += 1) await pushing.flush();
    // The same sample again: in delta temporality its counters have no points.
    await pushing.flush(1);
    assert.deepEqual(lastOf(collector).ended, new Set());
    const all = new Set(collector.json().flatMap(pointsOf).map(keyOf));
    pushing.runtime.source.containers.splice(0, 1);
    await pushing.flush();
    const { ended } = lastOf(collector);
    assert.ok(ended.size > 10);
    assert.deepEqual(ended, new Set([...all].filter((key) => key.startsWith('["a",'))));
    await pushing.flush();
    assert.deepEqual(lastOf(collector).ended, new Set());
  });
}

test('a container that stops keeps its state and loses its usage', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(['a'], collector.origin);
  await pushing.flush();
  pushing.runtime.container('a').exit(137);
  await pushing.flush();
  const { ended, live } = lastOf(collector);
  assert.ok(ended.has('["a","container.memory.usage",{}]'));
  assert.ok([...live].some((key) => key.includes('container.exit_code')));
  assert.ok([...ended].every((key) => !live.has(key)));
});

test('a runtime that is away ends its containers; those that are back before a collector was sent it do not end', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(['a'], collector.origin, { requestTimeoutMillis: 700 });
  const { source } = pushing.runtime;
  const usage = '["a","container.memory.usage",{}]';
  await pushing.flush();
  source.before = () => {
    throw new SourceError('unreachable', 'away');
  };
  collector.answer = () => ({ status: 503 });
  await pushing.flush();
  assert.ok(lastOf(collector).ended.has(usage));
  collector.answer = () => ({});
  source.before = () => undefined;
  await pushing.flush();
  assert.ok(!lastOf(collector).ended.has(usage) && lastOf(collector).live.has(usage));
});

test('markers that a failed export held come with the next one that succeeds, and are in its tallies', async () => {
  await using collector = await ScriptedCollector.start();
  // Long enough for a response of a busy machine, and over before a third try.
  await using pushing = new Pushing(['a'], collector.origin, { requestTimeoutMillis: 2500 });
  await pushing.flush();
  pushing.runtime.source.containers.length = 0;
  for (const status of [500, 503, 401]) {
    collector.answer = () => ({ status });
    await pushing.flush();
    assert.notEqual(pushing.exports.at(-1)?.error, undefined);
  }
  const { ended } = lastOf(collector);
  collector.answer = () => ({ body: '{"partialSuccess":{"rejectedDataPoints":"7"}}' });
  await pushing.flush();
  assert.ok(ended.size > 10);
  assert.deepEqual(lastOf(collector).ended, ended);
  const { error, bytes, rejectedPoints } = pushing.exports.at(-1) ?? {};
  assert.deepEqual([error, bytes, rejectedPoints], [undefined, collector.requests.at(-1)?.body.length, 7]);
  await pushing.flush();
  assert.equal(lastOf(collector).ended.size, 0);
});

test('a collector that refuses markers gets its figures all the same', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(['a', 'b'], collector.origin);
  await pushing.flush();
  pushing.runtime.source.containers.length = 1;
  const isRefused = (index: number): boolean =>
    collector.requests[index]?.body.includes('"flags":1') === true;
  collector.answer = (index) => ({ status: isRefused(index) ? 400 : 200 });
  await pushing.flush();
  await pushing.flush();
  const taken = collector.json().filter((_, index) => !isRefused(index));
  assert.equal(taken.length, 2);
  assert.ok(
    taken.every((request) => pointsOf(request).some(({ resource }) => resource['container.name'] === 'a')),
  );
});

/** So many are replaced between two exports. */
const churning = 100;
/** By then the first markers have been given up. */
const warmUp = 40;
const failureCount = 90;
const growthBytes = 2 * 2 ** 20;

test('a collector that stays away while containers come and go costs no memory', async (context) => {
  await using pushing = new Pushing([], closedOrigin(), {
    protocol: 'http/protobuf',
    requestTimeoutMillis: 700,
  });
  const { runtime, exports } = pushing;
  const heap: number[] = [];
  for (const count of [warmUp, failureCount]) {
    while (exports.length < count) {
      const name = (index: number): string => `container-${exports.length}-${index}`;
      runtime.source.containers = Array.from(
        { length: churning },
        (_, index) => new ScriptedContainer(name(index), runtime.clock),
      );
      await pushing.flush();
    }
    heap.push(await heapBytes(runtime));
  }
  assert.ok(exports.every(({ error }) => error !== undefined));
  const [before = NaN, after = NaN] = heap;
  context.diagnostic(
    `${((after - before) / 1024).toFixed()} KiB more after ${failureCount - warmUp} failures`,
  );
  assert.ok(after - before < growthBytes, `${heap.join()} bytes`);
});
