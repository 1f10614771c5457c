import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExportResultCode } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { CollectionResult, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { PhasedReader, phaseOf } from '../../../../src/export/telemetry.ts';

/** A reader of 10 s with a phase of 4 s under node:test's timers. */
class Phased {
  #exports = 0;
  readonly reader = new PhasedReader({
    exporter: this.#exporter(),
    exportIntervalMillis: 10_000,
    exportTimeoutMillis: 10_000,
    phaseMillis: 4000,
    maxCollectMillis: 5000,
    metricProducers: [{ collect: (options) => this.#collect(options?.timeoutMillis) }],
  });
  /** Time-out of each collection in milliseconds. */
  readonly waits: unknown[] = [];
  readonly provider = new MeterProvider({ readers: [this.reader] });
  readonly #timers: TestContext['mock']['timers'];

  constructor({ mock }: TestContext) {
    this.#timers = mock.timers;
    this.provider.getMeter('m').createCounter('c').add(1);
    this.reader.begin();
  }

  #collect(timeoutMillis: number | undefined): Promise<CollectionResult> {
    this.waits.push(timeoutMillis);
    const resourceMetrics = { resource: resourceFromAttributes({}), scopeMetrics: [] };
    return Promise.resolve({ resourceMetrics, errors: [] });
  }

  #exporter(): PushMetricExporter {
    return {
      export: (_, done) => {
        this.#exports += 1;
        done({ code: ExportResultCode.SUCCESS });
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
  }

  /** Number of exports once that much more time has passed. */
  async exportsAfter(millis: number): Promise<number> {
    this.#timers.tick(millis);
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    return this.#exports;
  }
}

test('the first export is on flush, the next at the phase, then one per interval', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const phased = new Phased(context);
  assert.equal(await phased.exportsAfter(1000), 0);
  await phased.reader.forceFlush();
  assert.equal(await phased.exportsAfter(0), 1);
  assert.equal(await phased.exportsAfter(2999), 1);
  assert.equal(await phased.exportsAfter(1), 2);
  assert.equal(await phased.exportsAfter(9999), 2);
  assert.equal(await phased.exportsAfter(1), 3);
  assert.equal(await phased.exportsAfter(10_000), 4);
  await phased.provider.shutdown();
});

test('a collection waits for its patience and not for the time-out of the export; in a hurry, and at the end, less', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const phased = new Phased(context);
  await phased.exportsAfter(4000);
  await phased.reader.exportNow();
  await phased.exportsAfter(10_000);
  await phased.provider.shutdown({ timeoutMillis: 4000 });
  assert.deepEqual(phased.waits, [5000, 500, 5000, 2000]);
});

test('shutdown before the phase exports a last time, and nothing comes after', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const phased = new Phased(context);
  await phased.provider.shutdown();
  const exports = await phased.exportsAfter(0);
  assert.equal(await phased.exportsAfter(100_000), exports);
});

test('shutdown before the phase leaves no timer that would keep the process alive', async (context) => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const phased = new Phased(context);
  assert.equal(timers(), before + 1);
  await phased.provider.shutdown();
  assert.equal(timers(), before);
});

test('a reader that was never started exports nothing', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let exports = 0;
  const exporter: PushMetricExporter = {
    export: () => (exports += 1),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const times = { exportIntervalMillis: 1000, exportTimeoutMillis: 1000, phaseMillis: 500 };
  const reader = new PhasedReader({ exporter, ...times, maxCollectMillis: 500 });
  const provider = new MeterProvider({ readers: [reader] });
  provider.getMeter('m').createCounter('c').add(1);
  context.mock.timers.tick(100_000);
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  assert.equal(exports, 0);
});

test('a phase is a host’s own, the same at each start, between a quarter and the whole of the interval', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 3_600_000 }), (host, interval) => {
      const phase = phaseOf(host, interval);
      assert.ok(phase >= Math.floor(interval / 4) && phase <= interval);
      assert.equal(phaseOf(host, interval), phase);
    }),
  );
  const fleet = Array.from({ length: 1000 }, (_, index) => phaseOf(`node-${index}`, 7500));
  const perSecond = Map.groupBy(fleet, (phase) => Math.floor(phase / 750));
  const busiest = Math.max(...[...perSecond.values()].map(({ length }) => length));
  assert.ok(busiest < 200, `${busiest} of 1000 hosts push within the same tenth of the interval`);
});
