import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueOf } from '../../../../src/metrics/catalogue.ts';
import type { ExportResult } from '../../../../src/model/observers.ts';
import { Telemetry } from '../../../../src/export/telemetry.ts';
import { Trackers } from '../../../../src/tracker/trackers.ts';
import { closedOrigin } from '../../../support/real/daemon.ts';
import { heapBytes } from '../../../support/assert/heap-bytes.ts';
import { plainOptions } from '../../../support/wire/otlp-exports.ts';
import { ampleMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

const containerCount = 300;
/** By then everything is compiled, and every cache is as full as it gets. */
const warmUp = 10;
const failureCount = 60;
/** A single collection that is kept somewhere takes more than half of this. */
const growthBytes = 2 * 2 ** 20;

for (const temporality of ['cumulative', 'delta'] as const) {
  test(`a collector that stays away costs no memory: ${temporality}`, async (context) => {
    const runtime = new TrackedRuntime(
      Array.from({ length: containerCount }, (_, index) => `container-${index}`),
    );
    const failures: ExportResult['error'][] = [];
    const telemetry = pushing(runtime, closedOrigin(), { temporality, failures });
    const heap: number[] = [];
    for (const count of [warmUp, failureCount]) {
      while (failures.length < count) {
        await runtime.clock.advance(10_000);
        await telemetry.flush();
      }
      heap.push(await heapBytes(runtime));
    }
    assert.ok(!failures.includes(undefined));
    const [before = NaN, after = NaN] = heap;
    context.diagnostic(
      `${((after - before) / 1024).toFixed()} KiB more after ${failureCount - warmUp} failures`,
    );
    assert.ok(after - before < growthBytes, `${heap.join()} bytes`);
    await telemetry.shutdown(ampleMillis);
  });
}

function pushing(
  runtime: TrackedRuntime,
  url: string,
  { temporality, failures }: { temporality: 'cumulative' | 'delta'; failures: ExportResult['error'][] },
): Telemetry {
  const telemetry = new Telemetry(
    {
      resource: { 'service.name': 'tidegauge' },
      // Shorter than the first pause before another try.
      otlp: { ...plainOptions, protocol: 'http/protobuf', url, temporality, requestTimeoutMillis: 700 },
      console: false,
      prometheus: false,
      intervalMillis: 60_000,
      exportTimeoutMillis: 60_000,
      hostName: 'host',
      now: runtime.clock.now(),
    },
    { exportEnded: ({ error }) => void failures.push(error) },
  );
  const trackers = new Trackers([runtime.set], ampleMillis, runtime.observer);
  telemetry.observe(trackers, catalogueOf(['semconv']), { containerIdLabel: true, runtimeLabel: false });
  return telemetry;
}
