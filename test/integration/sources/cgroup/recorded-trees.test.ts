import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Integer, MemoryUsage, Sample } from '../../../../src/model/sample.ts';
import { parseStats } from '../../../../src/sources/docker/stats.ts';
import { KernelTree, readEach } from '../../../support/fakes/kernel-tree.ts';
import {
  captures,
  KernelFiles,
  recordedJson,
  runningContainers,
} from '../../../support/wire/recorded-cases.ts';
import type { Capture } from '../../../support/wire/recorded-cases.ts';

/** The sample of the runtime's response of the moment at which the files were recorded. */
function byRuntime(capture: Capture, container: string): Sample {
  const sample = parseStats(recordedJson(`${capture}/${container}/stats.json`), 0);
  assert.ok(sample);
  return sample;
}

async function samplesOf(capture: Capture, maxDescriptors: number): Promise<ReadonlyMap<string, Sample>> {
  using tree = KernelTree.recorded(capture);
  const usage = tree.usage({ maxDescriptors });
  try {
    // The second round reads by the descriptors that the first one kept.
    await readEach(usage, tree.containers);
    const samples = [...(await readEach(usage, tree.containers))];
    return new Map(samples.flatMap(([name, sample]) => (sample ? [[name, sample] as const] : [])));
  } finally {
    usage.close();
  }
}

/** Keys of memory.stat in the runtime's response that the kernel of the capture does not have: the runtime gives zeros. */
const unknownToTheKernel = ['workingset_refault', 'workingset_activate', 'workingset_nodereclaim'];

function assertMemory(ours: MemoryUsage | undefined, theirs: MemoryUsage | undefined, isV1: boolean): void {
  assert.ok(ours && theirs);
  assert.equal(ours.usage, theirs.usage);
  assert.equal(ours.limit, theirs.limit);
  // The API has neither of version 2, and leaves out what is zero.
  if (isV1) assert.deepEqual([ours.maxUsage, ours.failures], [theirs.maxUsage, theirs.failures ?? 0]);
  for (const [key, value] of Object.entries(theirs.stats)) {
    if (ours.stats[key] !== undefined) assert.equal(ours.stats[key], value, key);
    else assert.deepEqual([unknownToTheKernel.includes(key), value], [true, 0], key);
  }
}

/** As the API has it: of version 2 neither operations nor discarded bytes. */
function blockIoOf(sample: Sample, isV1: boolean): Sample['blockIo'] {
  if (isV1) return sample.blockIo ?? {};
  const serviceBytes = sample.blockIo?.serviceBytes?.filter(({ operation }) => operation !== 'discard');
  return serviceBytes ? { serviceBytes } : {};
}

for (const capture of captures) {
  const isV1 = capture === 'cgroup_v1';
  for (const maxDescriptors of [0, 10_000]) {
    test(`${capture}: the files give the runtime's values, with ${maxDescriptors} descriptors kept`, async () => {
      const samples = await samplesOf(capture, maxDescriptors);
      assert.deepEqual([...samples.keys()].toSorted(), runningContainers(capture).toSorted());
      for (const [container, sample] of samples) {
        const theirs = byRuntime(capture, container);
        const { systemNanos: _systemNanos, throttling, ...cpu } = sample.cpu ?? {};
        const { systemNanos: _theirs, throttling: theirThrottling, ...theirCpu } = theirs.cpu ?? {};
        assert.deepEqual(cpu, theirCpu, container);
        const { burstPeriods, burstNanos, ...throttled } = throttling ?? {};
        assert.deepEqual(throttled, theirThrottling, container);
        assert.deepEqual([burstPeriods, burstNanos], [0, 0]);
        assertMemory(sample.memory, theirs.memory, isV1);
        assert.deepEqual(blockIoOf(sample, isV1), theirs.blockIo, container);
        assert.deepEqual(sample.pids, theirs.pids, container);
        assert.deepEqual(sample.networks, theirs.networks, container);
        assert.deepEqual([sample.windows, sample.unknown], [theirs.windows, theirs.unknown]);
      }
    });
  }
}

test('a pids limit of "max" is absent, and one that systemd sets is there', async () => {
  const limitOf = async (capture: Capture): Promise<Integer | undefined> =>
    (await samplesOf(capture, 10_000)).get('idle')?.pids?.limit;
  assert.equal(await limitOf('cgroup_v2'), undefined);
  assert.equal(await limitOf('cgroup_v1'), undefined);
  assert.equal(await limitOf('cgroup_v2_systemd'), 2359);
});

test('version 2: operations, peak, swap, events and pressure are in the files alone', async () => {
  const samples = await samplesOf('cgroup_v2', 10_000);
  const sample = samples.get('io_writer');
  const files = new KernelFiles('cgroup_v2', 'io_writer');
  const operations = Object.fromEntries(
    [...files.text('io.stat').matchAll(/\b([rwd]ios)=(\d+)/g)].map(([, key = '', count]) => [
      key,
      Number(count),
    ]),
  );
  assert.deepEqual(
    sample?.blockIo?.serviced?.map(({ operation, value }) => [operation, value]),
    [
      ['read', operations['rios']],
      ['write', operations['wios']],
      ['discard', operations['dios']],
    ],
  );
  assert.equal(sample.memory?.maxUsage, files.number('memory.peak'));
  assert.equal(sample.memory.swapUsage, files.number('memory.swap.current'));
  assert.equal(samples.get('oom_killed')?.memory?.events?.['oom_kill'], 2);
  const [, some, , full] = files.text('io.pressure').split(/total=|\n/);
  assert.deepEqual(sample.pressure?.io, { someNanos: Number(some) * 1000, fullNanos: Number(full) * 1000 });
});

test('version 1, hybrid: killed processes from the memory tree, pressure from that of version 2', async () => {
  const samples = await samplesOf('cgroup_v1', 10_000);
  assert.deepEqual(samples.get('oom_killed')?.memory?.events, { oom_kill: 2 });
  assert.deepEqual(samples.get('cpu_throttled')?.pressure?.cpu, {
    someNanos: 16_448_428_000,
    fullNanos: 16_440_019_000,
  });
});

test('blocks of which nothing was counted are no list of zeros', async () => {
  assert.equal((await samplesOf('cgroup_v1', 10_000)).get('io_writer_not_counted')?.blockIo, undefined);
  assert.equal((await samplesOf('cgroup_v2', 10_000)).get('idle')?.blockIo, undefined);
});

test('devices are named as the kernel names them, and by their numbers where it does not', async () => {
  for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
    using tree = KernelTree.recorded(capture, ['io_writer']);
    const devices = async (): Promise<readonly (string | undefined)[]> => {
      const usage = tree.usage();
      const sample = [...(await readEach(usage, tree.containers)).values()][0];
      usage.close();
      return (sample?.blockIo?.serviceBytes ?? []).map(({ device }) => device);
    };
    assert.deepEqual(new Set(await devices()), new Set([undefined]));
    tree.write('sys/dev/block/254:0/uevent', 'MAJOR=254\nMINOR=0\nDEVNAME=vda\nDEVTYPE=disk\n');
    assert.deepEqual(new Set(await devices()), new Set(['vda']));
  }
});
