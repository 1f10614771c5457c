import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveContainers } from '../../../src/agent/containers.ts';
import { createTrackers } from '../../../src/agent/trackers.ts';
import { Auditor } from '../../../src/audit/auditor.ts';
import { auditedMetrics } from '../../../src/audit/audited-metrics.ts';
import { ourReadings, type MetricReadings } from '../../../src/audit/our-readings.ts';
import { systemClock } from '../../../src/clock.ts';
import { AuditInstruments } from '../../../src/self-metrics/part-instruments.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { withFault } from '../../support/fakes/faulty-metric.ts';
import { KeptLog } from '../../support/fakes/observed-probes.ts';
import { load } from '../../support/fakes/load.ts';
import { collecting, pointsOf } from '../../support/wire/collected.ts';

/** A runtime, trackers that are probed by hand, and their auditor, which takes the first of its candidates. */
async function startAudited(readings: MetricReadings, names: readonly string[]) {
  const runtime = await startSimulatedEngine({
    specs: names.map((name) => ({ name, load: { cpus: 0.5 } })),
  });
  const { meter, collect, shutdown } = collecting();
  const log = new KeptLog();
  const auditor: Auditor = new Auditor({
    readings,
    observer: new AuditInstruments(meter),
    log,
    random: () => 0,
    snapshot: (name) => trackers.sets.find((set) => set.runtime.name === name)?.snapshot(),
  });
  const { config } = load({ flags: { 'docker-url': runtime.url, 'min-probe-interval': '0ms' } });
  const dependencies = { clock: systemClock, log: new KeptLog(), environment: {} };
  const resolved = resolveContainers(config, dependencies);
  const trackers = createTrackers(resolved, { probes: auditor, stats: auditor }, dependencies);
  auditor.begin(runtime.url);
  return {
    runtime,
    log,
    probe: async (): Promise<void> => {
      // The runtime's clock has milliseconds: two responses must not have the same time.
      await systemClock.sleep(5);
      await trackers.update();
    },
    points: async (name: string) => pointsOf((await collect()).get(name)),
    async [Symbol.asyncDispose]() {
      trackers.close();
      await shutdown();
      await runtime.close();
    },
  };
}

/** The count and the sum of the differences of each metric. */
async function differences(audited: Awaited<ReturnType<typeof startAudited>>) {
  const all = await audited.points('tidegauge.audit.difference');
  return new Map(all.map(([value, attributes]) => [String(Object(attributes).metric), value]));
}

test('one container is compared from the third probe on, and no call is added', async () => {
  await using audited = await startAudited(ourReadings, ['a', 'b', 'c']);
  await audited.probe();
  await audited.probe();
  assert.deepEqual(await differences(audited), new Map());
  await audited.probe();
  const each = new Map(auditedMetrics.map((metric) => [metric, [1, 0]]));
  assert.deepEqual(await differences(audited), each);
  await audited.probe();
  assert.deepEqual((await differences(audited)).get('memory'), [2, 0]);
  assert.equal(audited.runtime.requests.stats, 4 * 3);
  assert.deepEqual(audited.log.messages, []);
  const failures = (await audited.points('tidegauge.audit.failures')).map(([value]) => value);
  assert.deepEqual(failures, [0, 0]);
});

test('a fault planted in a formula raises the difference, is counted and logged', async () => {
  await using audited = await startAudited(withFault('memory'), ['a']);
  for (let probes = 0; probes < 3; probes += 1) await audited.probe();
  const found = await differences(audited);
  const [count = 0, sum = 0] = Object(found.get('memory'));
  assert.equal(count, 1);
  assert.ok(Math.abs(sum - 0.01 / 1.01) < 1e-9, `${sum}`);
  assert.deepEqual(found.get('pids'), [1, 0]);
  const failures = await audited.points('tidegauge.audit.failures');
  const runtime = audited.runtime.url;
  assert.deepEqual(failures, [
    [1, { 'container.runtime.endpoint': runtime, 'error.type': 'difference' }],
    [0, { 'container.runtime.endpoint': runtime, 'error.type': 'no-pair' }],
  ]);
  assert.deepEqual(audited.log.messages, ['figures differ from the docker command’s']);
});

test('a container that ends before it has given two responses is no failure', async () => {
  await using audited = await startAudited(ourReadings, ['a']);
  await audited.probe();
  audited.runtime.stop('a');
  await audited.probe();
  await audited.probe();
  const failures = (await audited.points('tidegauge.audit.failures')).map(([value]) => value);
  assert.deepEqual(failures, [0, 0]);
  assert.deepEqual(await differences(audited), new Map());
});
