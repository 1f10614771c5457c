import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { workingSet } from '../../../../src/metrics/formulas.ts';
import { hasUsage } from '../../../../src/model/sample.ts';
import type { Sample } from '../../../../src/model/sample.ts';
import { firstSample, KernelTree, readEach, readOne } from '../../../support/fakes/kernel-tree.ts';
import type { Capture } from '../../../support/wire/recorded-cases.ts';

const name = 'io_writer';

/** The sample of a recorded container of which one file has another content; undefined removes it. */
async function sampleWith(
  capture: Capture,
  files: Readonly<Record<string, string | Uint8Array | undefined>>,
): Promise<Sample | undefined> {
  using tree = KernelTree.recorded(capture, [name]);
  for (const [file, content] of Object.entries(files)) {
    if (content === undefined) tree.remove(tree.pathOf(name, file));
    else tree.set(name, file, content);
  }
  const usage = tree.usage();
  try {
    return await readOne(usage, tree.container(name));
  } finally {
    usage.close();
  }
}

/** Contents that no number is to be taken from. */
const nonsense: readonly (readonly [what: string, content: string | Uint8Array])[] = [
  ['empty', ''],
  ['a number cut short', '123'],
  ['2^64−1', '18446744073709551615\n'],
  ['negative', '-1\n'],
  ['binary', Buffer.from(Array.from({ length: 8192 }, (_each, index) => (index * 97) % 256))],
  ['zeros', Buffer.alloc(4096)],
  ['5 MB', '1234 5678\n'.repeat(500_000)],
];

type Reading = (sample: Sample) => unknown;

/** What is absent of a sample when nothing can be taken from one file. */
const absences: Readonly<Record<'cgroup_v1' | 'cgroup_v2', readonly (readonly [file: string, Reading])[]>> = {
  cgroup_v2: [
    ['cpu.stat', ({ cpu }) => cpu?.totalNanos ?? cpu?.userNanos ?? cpu?.kernelNanos ?? cpu?.throttling],
    ['memory.current', ({ memory }) => memory],
    ['memory.stat', ({ memory }) => memory && workingSet(memory)],
    ['memory.max', ({ memory }) => memory?.limit],
    ['memory.peak', ({ memory }) => memory?.maxUsage],
    ['memory.swap.current', ({ memory }) => memory?.swapUsage],
    ['memory.events', ({ memory }) => memory?.events?.['oom_kill']],
    ['pids.current', ({ pids }) => pids],
    ['io.stat', ({ blockIo }) => blockIo],
    ['io.pressure', ({ pressure }) => pressure?.io],
  ],
  cgroup_v1: [
    ['cpuacct/cpuacct.usage', ({ cpu }) => cpu],
    ['cpuacct/cpuacct.stat', ({ cpu }) => cpu?.userNanos ?? cpu?.kernelNanos],
    ['cpu/cpu.stat', ({ cpu }) => cpu?.throttling?.periods ?? cpu?.throttling?.throttledNanos],
    ['memory/memory.usage_in_bytes', ({ memory }) => memory],
    ['memory/memory.stat', ({ memory }) => memory && workingSet(memory)],
    ['memory/memory.limit_in_bytes', ({ memory }) => memory?.limit],
    ['memory/memory.kmem.usage_in_bytes', ({ memory }) => memory?.kernelUsage],
    ['memory/memory.failcnt', ({ memory }) => memory?.failures],
    ['memory/memory.oom_control', ({ memory }) => memory?.events],
    ['blkio/blkio.throttle.io_service_bytes_recursive', ({ blockIo }) => blockIo?.serviceBytes],
    ['pids/pids.current', ({ pids }) => pids],
  ],
};

for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
  for (const [what, content] of nonsense) {
    test(`${capture}, ${what}: of each file its own values are absent, and no others`, async () => {
      using tree = KernelTree.recorded(capture, [name]);
      for (const [file, read] of absences[capture]) {
        const whole = await firstSample(tree, name);
        assert.notEqual(read(whole), undefined, file);
        const before = readFileSync(join(tree.folder, tree.pathOf(name, file)));
        tree.set(name, file, content);
        const sample = await firstSample(tree, name);
        assert.equal(read(sample), undefined, file);
        for (const [, other] of absences[capture].filter(([, each]) => each(sample) === undefined))
          assert.ok(
            other === read || isPartOf(file, 'memory.current', 'memory.usage_in_bytes', 'cpuacct.usage'),
          );
        tree.set(name, file, before);
      }
    });
  }
}

/** Without these nothing of their part is believed. */
function isPartOf(file: string, ...names: readonly string[]): boolean {
  return names.some((each) => file.endsWith(each));
}

test('version 1, time by CPU: whole or not at all', async () => {
  for (const content of ['1 2', '1 x 2\n', '1 18446744073709551615\n', '\n', '']) {
    const sample = await sampleWith('cgroup_v1', { 'cpuacct/cpuacct.usage_percpu': content });
    assert.equal(sample?.cpu?.perCpuNanos, undefined, content);
  }
});

test('keys that are unknown, missing or greater than a count: the others stay', async () => {
  const cpuStat = 'core_sched.force_idle_usec 0\nuser_usec 18446744073709551615\nusage_usec 7\nnew max\n';
  const cpu = (await sampleWith('cgroup_v2', { 'cpu.stat': cpuStat }))?.cpu;
  const { systemNanos: _systemNanos, onlineCpus: _onlineCpus, ...own } = cpu ?? {};
  assert.deepEqual(own, { totalNanos: 7000 });
  const stat = (
    await sampleWith('cgroup_v2', { 'memory.stat': 'anon 5\nbrand_new 6\nfile 18446744073709551615\n' })
  )?.memory;
  assert.deepEqual([stat?.stats, stat?.unknown], [{ anon: 5, brand_new: 6 }, ['inactive_file']]);
});

test('times above 2^53 stay exact, and those that OTLP cannot hold are absent', async () => {
  const timesOf = async (usage: string): Promise<unknown> =>
    (await sampleWith('cgroup_v2', { 'cpu.stat': `usage_usec ${usage}\n` }))?.cpu?.totalNanos;
  assert.equal(await timesOf('9007199254740993'), 9_007_199_254_740_993_000n);
  assert.equal(await timesOf('9223372036854775'), 9_223_372_036_854_775_000n);
  assert.equal(await timesOf('9223372036854776'), undefined);
  assert.equal(await timesOf('9223372036854775807'), undefined);
});

test('limits: max is the host’s memory, and no more than that', async () => {
  const limitOf = async (content: string): Promise<unknown> =>
    (await sampleWith('cgroup_v2', { 'memory.max': content }))?.memory?.limit;
  assert.equal(await limitOf('max\n'), 2_070_257_664);
  assert.equal(await limitOf('4096\n'), 4096);
  assert.equal(await limitOf('9223372036854771712\n'), 2_070_257_664);
});

test('io.stat: bare devices before others, costs, and one device more', async () => {
  const content = [
    '7:7 7:6 7:5 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6',
    '254:0 rbytes=10 wbytes=20 rios=30 wios=40 dbytes=0 dios=0 cost.vrate=100.00 cost.usage=77 cost.wait=8',
    '259:1 cost.usage=9 rbytes=11',
    '9:9 rbytes=12x wbytes=18446744073709551615',
    'rbytes=13 9:8',
    '9:7 rbytes=1',
  ].join('\n');
  const sample = await sampleWith('cgroup_v2', { 'io.stat': content });
  const listed = (list: 'serviceBytes' | 'serviced') =>
    sample?.blockIo?.[list]?.map(({ major, minor, operation, value }) => [
      `${major}:${minor}`,
      operation,
      value,
    ]);
  assert.deepEqual(listed('serviceBytes'), [
    ['8:0', 'read', 1],
    ['8:0', 'write', 2],
    ['8:0', 'discard', 5],
    ['254:0', 'read', 10],
    ['254:0', 'write', 20],
    ['254:0', 'discard', 0],
    ['259:1', 'read', 11],
    ['9:9', 'read', undefined],
    ['9:9', 'write', undefined],
  ]);
  assert.deepEqual(listed('serviced')?.slice(0, 3), [
    ['8:0', 'read', 3],
    ['8:0', 'write', 4],
    ['8:0', 'discard', 6],
  ]);
});

test('block I/O that is not there is unknown, and so is a list of which nothing is known', async () => {
  const v2 = await sampleWith('cgroup_v2', { 'io.stat': undefined });
  assert.deepEqual([v2?.blockIo, v2?.unknown], [undefined, ['blockIo']]);
  const bytesAlone = await sampleWith('cgroup_v2', { 'io.stat': '8:0 rbytes=1 wbytes=2\n' });
  assert.deepEqual(Object.keys(bytesAlone?.blockIo ?? {}), ['serviceBytes']);
  const throttle = (list: string): string => `blkio/blkio.throttle.${list}`;
  const v1 = await sampleWith('cgroup_v1', {
    [throttle('io_service_bytes')]: undefined,
    [throttle('io_service_bytes_recursive')]: undefined,
  });
  assert.deepEqual(Object.keys(v1?.blockIo ?? {}), ['serviced']);
});

test('a tree without controllers: what there is, and no zero', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  tree.remove(tree.pathOf(name, ''));
  tree.set(name, 'cgroup.controllers', '');
  tree.set(name, 'cpu.stat', 'usage_usec 5\nuser_usec 3\nsystem_usec 2\n');
  const usage = tree.usage();
  const sample = await readOne(usage, tree.container(name));
  const { memory, blockIo, pids, pressure } = sample ?? {};
  assert.deepEqual([memory, blockIo, pids, pressure], [undefined, undefined, undefined, undefined]);
  assert.deepEqual([sample?.cpu?.totalNanos, sample?.cpu?.throttling], [5000, undefined]);
  assert.ok(sample && hasUsage(sample));
  usage.close();
});

test('values of one container are never another’s: keys of another order, and keys that one lacks', async () => {
  using tree = KernelTree.recorded('cgroup_v2');
  tree.set('idle', 'cpu.stat', 'system_usec 2\nusage_usec 1\n');
  tree.set('idle', 'memory.stat', 'inactive_file 3\nanon 4\n');
  tree.set('idle', 'memory.events', '');
  tree.set('idle', 'io.stat', '');
  const usage = tree.usage();
  await readEach(usage, tree.containers);
  const samples = await readEach(usage, tree.containers);
  const { systemNanos: _system, onlineCpus: _online, ...cpu } = samples.get('idle')?.cpu ?? {};
  assert.deepEqual(cpu, { totalNanos: 1000, kernelNanos: 2000 });
  const { memory, blockIo } = samples.get('idle') ?? {};
  assert.deepEqual([memory?.stats, memory?.events], [{ inactive_file: 3, anon: 4 }, {}]);
  assert.equal(blockIo, undefined);
  assert.equal(samples.get('io_writer')?.cpu?.userNanos, 318_563_000);
  usage.close();
});

test('the host’s files: what cannot be read of them is absent', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  tree.remove('proc/meminfo');
  tree.write('proc/stat', 'cpu  1 2 3\n');
  tree.set(name, 'memory.max', 'max\n');
  const usage = tree.usage();
  const sample = await readOne(usage, tree.container(name));
  assert.deepEqual(
    [sample?.memory?.limit, sample?.cpu?.systemNanos, sample?.cpu?.onlineCpus],
    [undefined, undefined, undefined],
  );
  assert.equal(sample?.cpu?.totalNanos, 7_508_369_000);
  usage.close();
});

test('version 1 without the host’s memory: the counters’ greatest value is no limit', async () => {
  const limitOf = async (content: string): Promise<unknown> => {
    using tree = KernelTree.recorded('cgroup_v1', [name]);
    tree.remove('proc/meminfo');
    tree.set(name, 'memory/memory.limit_in_bytes', content);
    return (await firstSample(tree, name)).memory?.limit;
  };
  assert.equal(await limitOf('9223372036854771712\n'), undefined);
  // Pages of 64 KiB.
  assert.equal(await limitOf('9223372036854710272\n'), undefined);
  assert.equal(await limitOf('9223372036854710271\n'), 9_223_372_036_854_710_271n);
  assert.equal(await limitOf('4096\n'), 4096);
});

test('CPU time that is not known: no values of the host alone', async () => {
  for (const content of ['', 'user_usec 5\nsystem_usec 6\n']) {
    const sample = await sampleWith('cgroup_v2', { 'cpu.stat': content });
    assert.ok(sample?.memory);
    assert.equal(sample.cpu, undefined);
  }
});
