import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absencesOf } from '../../../../src/metrics/absence.ts';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import type { BlockIoEntry, MemoryUsage, Sample } from '../../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import type { Capture } from '../../../support/wire/recorded-cases.ts';
import { kernelMeasured } from '../kernel-measured.ts';
import { observationsOf, recordedAnswers, semconv, snapshotFrom, snapshotWith } from '../observed.ts';

/** A metric's values by their attributes' values. */
function shown(name: string, snapshot: ContainerSnapshot): Record<string, number> {
  const instrument = profiles.semconv.containers.find((each) => each.name === name);
  assert.ok(instrument, name);
  const observations = observationsOf(instrument, snapshot);
  return Object.fromEntries(
    observations.map(({ attributes, value }) => [Object.values(attributes).join(' '), value]),
  );
}

test('recorded: pressure by resource, all tasks apart from some', () => {
  const waits = (capture: Capture) => {
    const snapshot = kernelMeasured(capture, 'io_writer');
    return [
      shown('container.pressure.waiting_time', snapshot),
      shown('container.pressure.stalled_time', snapshot),
    ];
  };
  assert.deepEqual(waits('cgroup_v2'), [
    { cpu: 1.28381, memory: 0, io: 0.707968 },
    { cpu: 1.113424, memory: 0, io: 0.703881 },
  ]);
  assert.deepEqual(waits('cgroup_v1'), [
    { cpu: 0.17348, memory: 0, io: 0.466128 },
    { cpu: 0.15903, memory: 0, io: 0.465856 },
  ]);
});

test('recorded: kills, peak and swap are there by default, on both versions of cgroups', () => {
  for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
    const killed = semconv(kernelMeasured(capture, 'oom_killed'));
    assert.equal(killed.get('container.memory.oom_kills'), 2);
    assert.equal(killed.get('container.memory.usage.peak'), 16777216);
    assert.equal(killed.get('container.paging.usage'), 0);
  }
});

test('swap of a parent on cgroup v1 by the runtime’s API is the hierarchy’s', () => {
  const memory = { stats: { swap: 1, total_swap: 5 } };
  const snapshot = snapshotWith({ sample: { takenAt: 1, windows: false, memory } });
  assert.deepEqual(shown('container.paging.usage', snapshot), { '': 5 });
});

test('recorded: operations on cgroup v2; discards are neither reads nor writes', () => {
  const writer = kernelMeasured('cgroup_v2', 'io_writer');
  assert.deepEqual(shown('container.disk.operations', writer), { '254:0 read': 2740, '254:0 write': 3073 });
});

test('recorded: events of memory, without the kills; of cgroup v1 the hits of the limit alone', () => {
  const events = (capture: Capture) =>
    shown('container.memory.linux.events', kernelMeasured(capture, 'oom_killed'));
  assert.deepEqual(events('cgroup_v2'), { low: 0, high: 0, max: 82, oom: 2, oom_group_kill: 0 });
  assert.deepEqual(events('cgroup_v1'), { max: 0 });
});

test('recorded, by the runtime’s API: what it calls failures is oom of cgroup v2, and max of v1', () => {
  const name = 'container.memory.linux.events';
  for (const [capture, oom] of [
    ['cgroup_v2', 2],
    ['cgroup_v2_systemd', 3],
    ['cgroup_v2_api_1.56', 3],
  ] as const) {
    const byRuntime = snapshotFrom(recordedAnswers(capture, 'oom_killed'));
    assert.deepEqual(shown(name, byRuntime), { oom }, capture);
    assert.equal(shown(name, kernelMeasured(capture, 'oom_killed'))['oom'], oom, capture);
  }
  const { runtime } = snapshotWith();
  const failed = (stats: MemoryUsage['stats'], cgroupVersion?: number) => {
    const sample = { takenAt: 1, windows: false, memory: { failures: 4, stats } };
    const described = cgroupVersion === undefined ? runtime : { ...runtime, cgroupVersion };
    return shown(name, snapshotWith({ sample, runtime: described }));
  };
  assert.deepEqual(failed({ total_rss: 1, rss: 1 }), { max: 4 });
  assert.deepEqual([failed({}, 1), failed({}, 2)], [{ max: 4 }, { oom: 4 }]);
});

test('recorded: pages of the kernel’s newer keys are counted, by kind of page or in one', () => {
  const writer = kernelMeasured('cgroup_v2', 'io_writer');
  const usage = shown('container.memory.linux.usage', writer);
  assert.deepEqual([usage['page_tables'], usage['per_cpu']], [118784, 1552]);
  const refaults = (stats: MemoryUsage['stats']) => {
    const sample = { takenAt: 1, windows: false, memory: { stats } };
    return shown('container.paging.linux.workingset.events', snapshotWith({ sample }))['refault'];
  };
  assert.equal(refaults({ workingset_refault_anon: 2, workingset_refault_file: 3 }), 5);
  assert.equal(refaults({ workingset_refault: 4 }), 4);
  assert.equal(refaults({ workingset_refault_anon: 2 }), undefined);
});

test('a sum of two counters begins with the later of them', () => {
  const stats = { workingset_refault_anon: 2, workingset_refault_file: 3 };
  const starts = { of: (_group: string, counter?: string) => (counter?.endsWith('file') ? 7000 : 1000) };
  const sample = { takenAt: 1, windows: false, memory: { stats } };
  const instrument = profiles.semconv.containers.find(({ name }) => name.endsWith('workingset.events'));
  assert.ok(instrument);
  const [seen] = observationsOf(instrument, snapshotWith({ sample, starts }));
  assert.deepEqual([seen?.value, seen?.startedAt], [5, 7000]);
});

test('bursts are off by default', () => {
  const names = ['container.cpu.throttling.burst_periods', 'container.cpu.throttling.burst_time'];
  const cpu = { throttling: { burstPeriods: 3, burstNanos: 1_500_000_000 } };
  const bursting = snapshotWith({ sample: { takenAt: 1, windows: false, cpu } });
  assert.deepEqual(
    names.map((name) => shown(name, bursting)['']),
    [3, 1.5],
  );
  for (const name of names) assert.equal(semconv(bursting).has(name), false);
});

test('by the runtime’s API there is none of it', () => {
  const byRuntime = semconv(snapshotFrom(recordedAnswers('cgroup_v2', 'oom_killed')));
  const found = [...byRuntime.keys()].filter((name) => /pressure|oom_kills|peak|paging.usage/.test(name));
  assert.deepEqual(found, []);
});

test('recorded: swap and pressure are missed only where the kernel’s files were read', () => {
  const measured = kernelMeasured('cgroup_v2', 'cpu_throttled', { hasHostNetwork: false });
  const { sample } = measured;
  assert.ok(sample?.memory);
  const reasons = (parts: Partial<Sample>) =>
    absencesOf({ ...measured, sample: { ...sample, ...parts } }).filter((reason) =>
      /swap|pressure/.test(reason),
    );
  const { swapUsage: _swap, ...unswapped } = sample.memory;
  const { events: _events, ...byRuntime } = unswapped;
  const { pressure: _pressure, ...unpressed } = sample;
  assert.deepEqual(reasons({}), []);
  assert.deepEqual(reasons({ memory: unswapped }), ['no-swap']);
  // Without memory.stat nothing is known of swap on cgroup v1.
  assert.deepEqual(reasons({ memory: { ...unswapped, stats: {}, unknown: ['stats'] } }), []);
  const without = absencesOf({ ...measured, sample: unpressed });
  assert.ok(without.includes('no-pressure') && !without.includes('no-swap'));
  assert.deepEqual(absencesOf({ ...measured, sample: { ...unpressed, memory: byRuntime } }), [
    'no-own-network',
    'no-block-io',
  ]);
});

test('a device by its name, by its numbers where only these are known', () => {
  const entry = { major: 254, minor: 0, operation: 'read', value: 7 };
  const io = (entries: readonly BlockIoEntry[]) =>
    shown(
      'container.disk.io',
      snapshotWith({ sample: { takenAt: 0, windows: false, blockIo: { serviceBytes: entries } } }),
    );
  assert.deepEqual(io([{ ...entry, device: 'vda' }]), { 'vda read': 7 });
  assert.deepEqual(io([entry]), { '254:0 read': 7 });
});
