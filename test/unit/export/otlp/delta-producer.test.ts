import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { DeltaProducer } from '../../../../src/export/otlp/delta-producer.ts';
import { SourceError } from '../../../../src/sources/source-error.ts';
import { millisOf, namesOf, pointsIn } from '../../../support/wire/collected-points.ts';
import { ObservedRuntime } from '../../../support/fakes/observed-runtime.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';

/** A runtime whose containers a reader reads in delta temporality. */
class DeltaReader extends ObservedRuntime {
  readonly #deltas = new DeltaProducer(this.meter, this.clock.now());

  async delta(afterMillis = 10_000): Promise<readonly ScopeMetrics[]> {
    await this.clock.advance(afterMillis);
    const { resourceMetrics } = await this.#deltas.collect();
    return resourceMetrics.scopeMetrics;
  }

  /** Handed-over growth of container `a`: value, and begin and end before the present. */
  async growth(metric = 'container.network.io', afterMillis = 10_000): Promise<number[][]> {
    const points = pointsIn(await this.delta(afterMillis), 'a', metric);
    return points.map(({ value, startTime, endTime }) => [
      value,
      millisOf(startTime) - this.clock.now(),
      millisOf(endTime) - this.clock.now(),
    ]);
  }

  receive(receivedBytes: number): void {
    this.container('a').networks = [{ name: 'eth0', receivedBytes }];
  }
}

test('a container that began after the reader is handed over whole at first, then by its growth', async () => {
  const reader = new DeltaReader(['a']);
  reader.receive(70);
  assert.deepEqual(await reader.growth(), [[70, -10_000, 0]]);
  reader.receive(100);
  assert.deepEqual(await reader.growth(), [[30, -10_000, 0]]);
  assert.deepEqual(await reader.growth(), [[0, -10_000, 0]]);
});

test('the first sight of an older container is only the baseline', async () => {
  const reader = new DeltaReader(['a']);
  reader.container('a').startedAt -= 1;
  reader.receive(70);
  assert.deepEqual(await reader.growth(), []);
  reader.receive(75);
  assert.deepEqual(await reader.growth(), [[5, -10_000, 0]]);
});

test('the same sample again hands nothing over, and loses nothing', async () => {
  const reader = new DeltaReader(['a']);
  reader.receive(70);
  await reader.delta();
  reader.receive(100);
  assert.deepEqual(await reader.growth('container.network.io', 999), []);
  assert.deepEqual(await reader.growth('container.network.io', 1), [[30, -1000, 0]]);
});

test('after a restart what the new run counted is handed over from its start', async () => {
  const reader = new DeltaReader(['a']);
  reader.receive(70);
  await reader.delta();
  await reader.clock.advance(4000);
  reader.container('a').restart();
  reader.receive(90);
  assert.deepEqual(await reader.growth('container.network.io', 6000), [[90, -6000, 0]]);
});

test('a counter that wraps hands over what it counted since, and its siblings their growth alone', async () => {
  const reader = new DeltaReader(['a']);
  const a = reader.container('a');
  const count = (receivedBytes: number, receivedPackets: number): void => {
    a.networks = [{ name: 'eth0', receivedBytes, receivedPackets, transmittedBytes: 5000 }];
  };
  const growths = async (): Promise<Record<string, number[]>> => {
    const scopes = await reader.delta();
    const of = (metric: string) => pointsIn(scopes, 'a', metric).map(({ value }) => value);
    return { bytes: of('container.network.io'), packets: of('container.network.packet.count') };
  };
  count(2 ** 32 - 1000, 1000);
  await reader.delta();
  count(2 ** 32 - 500, 1004);
  assert.deepEqual(await growths(), { bytes: [500, 0], packets: [4] });
  count(300, 1008);
  assert.deepEqual(await growths(), { bytes: [300, 0], packets: [4] });
  count(900, 1012);
  assert.deepEqual(await growths(), { bytes: [600, 0], packets: [4] });
});

test('what another container’s network counted is not handed over again when the container restarts', async () => {
  const reader = new DeltaReader(['a']);
  const sandbox = new ScriptedContainer('sandbox', reader.clock);
  reader.container('a').join(sandbox);
  const receive = (receivedBytes: number) => (sandbox.networks = [{ name: 'eth0', receivedBytes }]);
  receive(1_000_000);
  assert.deepEqual(await reader.growth(), [[1_000_000, -10_000, 0]]);
  receive(1_000_500);
  assert.deepEqual(await reader.growth(), [[500, -10_000, 0]]);
  reader.container('a').restart();
  receive(1_001_000);
  assert.deepEqual(await reader.growth(), [[500, -10_000, 0]]);
  receive(1_001_500);
  assert.deepEqual(await reader.growth(), [[500, -10_000, 0]]);
});

test('a run that was measured before its start was known is not counted twice', async () => {
  const reader = new DeltaReader(['a']);
  await reader.delta(70_000);
  const before = reader.container('a');
  before.restart(before.cpuNanos * 2);
  // The rounded text in the list does not change, so that only the next inspect shows the restart.
  const { source } = reader;
  source.list = () =>
    Promise.resolve([
      { id: before.id, name: 'a', status: 'running', revision: 'Up', changedRecently: false },
    ]);
  const seconds: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    for (const { value } of pointsIn(await reader.delta(), 'a', 'container.cpu.time')) seconds.push(value);
  }
  assert.equal(
    seconds.reduce((sum, value) => sum + value, 0),
    1,
  );
  assert.equal(reader.snapshot('a')?.state.startedAt, before.startedAt);
});

test('CPU time of cgroup v1 is handed over once, though its modes lag behind', async () => {
  const reader = new DeltaReader(['a']);
  const sums = new Map<unknown, number>();
  for (const [totalNanos, userNanos, kernelNanos] of [
    [9e6, 0, 0],
    [31e6, 10e6, 0],
    [52e6, 30e6, 10e6],
  ] as const) {
    const cpu = { totalNanos, userNanos, kernelNanos, perCpuNanos: [totalNanos] };
    reader.container('a').extra = { cpu };
    for (const { value, attributes } of pointsIn(await reader.delta(), 'a', 'container.cpu.time'))
      sums.set(attributes['cpu.mode'], (sums.get(attributes['cpu.mode']) ?? 0) + value);
  }
  assert.deepEqual(Object.fromEntries(sums), { user: 0.03, system: 0.01 });
});

test('a device that joins an older container began with nothing', async () => {
  const reader = new DeltaReader(['a']);
  const a = reader.container('a');
  a.startedAt -= 60_000;
  await reader.delta();
  a.extra = { blockIo: { serviceBytes: [{ major: 8, minor: 0, operation: 'write', value: 4096 }] } };
  assert.deepEqual(await reader.growth('container.disk.io'), [[4096, -10_000, 0]]);
});

test('an older container that cannot be measured at first has its baseline at the first figures', async () => {
  const reader = new DeltaReader(['a']);
  reader.container('a').startedAt -= 60_000;
  reader.receive(70);
  reader.source.before = (call) => {
    if (call === 'sample') throw new SourceError('runtime-error', 'no');
  };
  await reader.delta();
  await reader.delta();
  reader.source.before = () => undefined;
  assert.deepEqual(await reader.growth(), []);
  reader.receive(71);
  assert.deepEqual(await reader.growth(), [[1, -10_000, 0]]);
});

test('what grew while it could not be measured is handed over afterwards', async () => {
  const reader = new DeltaReader(['a']);
  reader.receive(70);
  await reader.delta();
  reader.source.before = () => {
    throw new SourceError('unreachable', 'away');
  };
  reader.receive(100);
  assert.deepEqual(await reader.growth(), []);
  reader.source.before = () => undefined;
  assert.deepEqual(await reader.growth(), [[30, -20_000, 0]]);
});

test('a clock that is set back loses no growth, and no interval ends before it begins', async () => {
  const reader = new DeltaReader(['a']);
  let behind = 0;
  let receivedBytes = 70;
  reader.container('a').answer = () => ({
    takenAt: reader.clock.now() - behind,
    windows: false,
    memory: { usage: 1, stats: {} },
    networks: [{ name: 'eth0', receivedBytes }],
  });
  await reader.delta();
  behind = 300_000;
  receivedBytes = 100;
  assert.deepEqual(await reader.growth(), [[30, -behind, -behind]]);
  receivedBytes = 110;
  assert.deepEqual(await reader.growth(), [[10, -behind - 10_000, -behind]]);
});

test('only counters become deltas; a subject keeps its identity', async () => {
  const reader = new DeltaReader(['a']);
  await reader.delta();
  const scopes = await reader.delta();
  assert.deepEqual(namesOf(scopes), ['a']);
  for (const metric of scopes.flatMap((scope) => scope.metrics)) {
    const isDelta = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
    const expected = isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
    assert.equal(metric.aggregationTemporality, expected, metric.descriptor.name);
  }
});

test('a removed container that comes back under its id is a new one to this reader', async () => {
  const reader = new DeltaReader(['a']);
  reader.receive(70);
  await reader.delta();
  reader.source.containers = [];
  await reader.delta();
  reader.source.containers = [new ScriptedContainer('a', reader.clock)];
  reader.receive(80);
  assert.deepEqual(await reader.growth(), [[80, -10_000, 0]]);
});

const step = fc.record({
  grow: fc.nat(1000),
  restart: fc.boolean(),
  fail: fc.boolean(),
  pause: fc.nat(20_000),
});

test('the deltas sum up to all that was counted, whatever fails in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const reader = new DeltaReader(['a']);
      let [total, current, sum] = [0, 0, 0];
      reader.receive(0);
      for (const { grow, restart, fail, pause } of steps) {
        reader.source.before = (call) =>
          fail && call === 'sample' ? Promise.reject(new Error('no')) : undefined;
        if (restart) {
          // Growth between the last sample and a restart is lost to every reader.
          await reader.clock.advance(20_000);
          reader.source.before = () => undefined;
          for (const [value = 0] of await reader.growth()) sum += value;
          reader.container('a').restart();
          current = 0;
        }
        current += grow;
        total += grow;
        reader.receive(current);
        for (const [value = 0] of await reader.growth('container.network.io', pause)) sum += value;
      }
      reader.source.before = () => undefined;
      for (const [value = 0] of await reader.growth('container.network.io', 20_000)) sum += value;
      assert.equal(sum, total);
    }),
    { numRuns: 100 },
  );
});
