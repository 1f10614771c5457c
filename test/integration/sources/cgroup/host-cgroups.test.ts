import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostCgroup, HostNeeds } from '../../../../src/model/host.ts';
import { KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';
import type { Capture } from '../../../support/wire/recorded-cases.ts';

const bootedAt = 1_700_000_000_000;
const needs: HostNeeds = { machine: true, cgroups: 'slices' };

/** A host with one container that runs, and what the kernel counts of its root. */
function hostOf(capture: Capture): KernelTree {
  const tree = KernelTree.recorded(capture, ['idle']);
  tree.write('proc/stat', `cpu  1 0 1 1 0 0 0\ncpu0 1 0 1\nbtime ${bootedAt / 1000}\n`);
  tree.write('proc/meminfo', 'MemTotal: 1000 kB\nMemFree: 400 kB\nSwapTotal: 300 kB\nSwapFree: 100 kB\n');
  return tree;
}

function rootOfV2(): KernelTree {
  const tree = hostOf('cgroup_v2');
  tree.write('cgroup/cpu.stat', 'usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\n');
  tree.write('cgroup/memory.stat', 'anon 1000\nfile 2000\ninactive_file 200\n');
  tree.write('cgroup/docker/cpu.stat', 'usage_usec 1\n');
  tree.write('cgroup/io.stat', '8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n');
  return tree;
}

/** The rows after the container was found. */
async function rowsOf(
  tree: KernelTree,
  cgroups: HostNeeds['cgroups'] = 'slices',
): Promise<Map<string, HostCgroup>> {
  const usage = tree.usage({ hostNeeds: { machine: true, cgroups } });
  await readOne(usage, tree.container('idle'));
  const rows = new Map(usage.host()?.cgroups.map((row) => [row.path, row]));
  usage.close();
  return rows;
}

test('the root of version 2: memory is what is in use of the host’s, as it has none of its own', async () => {
  using tree = rootOfV2();
  const root = (await rowsOf(tree)).get('/');
  assert.ok(root);
  const { sample, limits, createdAt } = root;
  assert.equal(createdAt, bootedAt);
  assert.equal(sample.cpu?.totalNanos, 5e9);
  assert.deepEqual(sample.memory, {
    usage: 600 * 1024,
    limit: 1000 * 1024,
    swapUsage: 200 * 1024,
    stats: { anon: 1000, file: 2000, inactive_file: 200 },
  });
  assert.deepEqual(
    sample.blockIo?.serviceBytes?.map(({ operation, value }) => [operation, value]).slice(0, 2),
    [
      ['read', 1],
      ['write', 2],
    ],
  );
  assert.equal(sample.networks?.[0]?.name, 'eth0');
  assert.deepEqual(limits, { memoryBytes: 1000 * 1024, memorySwapBytes: 1300 * 1024 });
});

test('a cgroup whose files are closed to us has its row without their times, and hides no other', async () => {
  using tree = rootOfV2();
  tree.write('cgroup/closed.slice/cpu.stat', 'usage_usec 1\n');
  symlinkSync('cgroup.events', join(tree.folder, 'cgroup/closed.slice/cgroup.events'));
  assert.deepEqual([...(await rowsOf(tree)).keys()], ['/', '/closed.slice', '/docker']);
});

test('slices: what is directly below the root, and slices of systemd below slices; no container, no service', async () => {
  using tree = rootOfV2();
  const id = 'f'.repeat(64);
  const others = ['system.slice/x.service', `system.slice/docker-${id}.scope`, `docker/${id}`, id];
  const slices = ['system.slice', 'kubepods.slice', 'kubepods.slice/kubepods-burstable.slice', 'init.scope'];
  for (const path of [...others, ...slices]) tree.write(`cgroup/${path}/cpu.stat`, 'usage_usec 1\n');
  tree.write('cgroup/system.slice/memory.max', '4096\n');
  tree.write('cgroup/system.slice/memory.swap.max', '1024\n');
  tree.write('cgroup/system.slice/cpu.max', '50000 100000\n');
  tree.write('cgroup/system.slice/cpu.weight', '100\n');
  tree.write('cgroup/system.slice/pids.max', 'max\n');
  const rows = await rowsOf(tree);
  assert.deepEqual(
    [...rows.keys()],
    ['/', '/docker', ...slices.map((slice) => `/${slice}`)].toSorted(
      (a, b) => depth(a) - depth(b) || (a < b ? -1 : 1),
    ),
  );
  assert.deepEqual(rows.get('/system.slice')?.limits, {
    cpuQuotaMicros: 50_000,
    cpus: 0.5,
    cpuPeriodMicros: 100_000,
    cpuShares: 2597,
    memoryBytes: 4096,
    memorySwapBytes: 5120,
  });
  assert.equal(rows.get('/init.scope')?.sample.networks, undefined);
  assert.deepEqual([...(await rowsOf(tree, 'root')).keys()], ['/']);
  assert.deepEqual([...(await rowsOf(tree, 'none')).keys()], []);
});

test('a limit whose file cannot be read, or holds what is no limit, is not known; without the file there is none', async () => {
  using tree = rootOfV2();
  tree.write('cgroup/a.slice/cpu.stat', 'usage_usec 1\n');
  // A directory in the place of a file fails as one that is closed to us, whoever reads it.
  mkdirSync(join(tree.folder, 'cgroup/a.slice/memory.max'));
  tree.write('cgroup/a.slice/memory.swap.max', '1024\n');
  tree.write('cgroup/a.slice/cpu.max', '100000 100000\n');
  tree.write('cgroup/a.slice/cpu.weight', '12x\n');
  tree.write('proc/meminfo', 'MemFree: 400 kB\n');
  const rows = await rowsOf(tree);
  assert.deepEqual(rows.get('/a.slice')?.limits, {
    cpuQuotaMicros: 100_000,
    cpus: 1,
    cpuPeriodMicros: 100_000,
    unknown: ['cpuShares', 'memoryBytes', 'memorySwapBytes'],
  });
  assert.deepEqual(rows.get('/')?.limits, { unknown: ['memoryBytes', 'memorySwapBytes'] });
});

test('version 1: of a tree that is not mounted no limit is known', async () => {
  using tree = hostOf('cgroup_v1');
  for (const name of ['cpuacct', 'memory']) tree.write(`cgroup/${name}/release_agent`, '');
  for (const name of readdirSync(join(tree.folder, 'cgroup')))
    if (!['cpuacct', 'memory'].includes(name)) tree.remove(`cgroup/${name}`);
  tree.write('cgroup/memory/a/memory.usage_in_bytes', '10\n');
  tree.write('cgroup/memory/a/memory.limit_in_bytes', '4096\n');
  assert.deepEqual((await rowsOf(tree)).get('/a')?.limits, {
    memoryBytes: 4096,
    unknown: ['cpuQuotaMicros', 'cpuPeriodMicros', 'cpuShares', 'pids'],
  });
});

function depth(path: string): number {
  return path.split('/').filter(Boolean).length;
}

test('version 1: the root’s own files, tree by tree', async () => {
  using tree = hostOf('cgroup_v1');
  for (const name of ['cpu', 'cpuacct', 'memory', 'blkio', 'pids']) {
    tree.write(`cgroup/${name}/cgroup.procs`, '');
    tree.write(`cgroup/${name}/release_agent`, '');
  }
  for (const name of ['cpuset', 'devices', 'freezer', 'systemd', 'net_cls', 'perf_event', 'hugetlb'])
    tree.write(`cgroup/${name}/release_agent`, '');
  tree.write('cgroup/cpuacct/cpuacct.usage', '7000000000\n');
  tree.write('cgroup/memory/memory.usage_in_bytes', '5000\n');
  tree.write('cgroup/memory/memory.stat', 'total_rss 3000\ntotal_inactive_file 100\n');
  tree.write('cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n');
  tree.write('cgroup/memory/a/memory.limit_in_bytes', '4096\n');
  tree.write('cgroup/memory/a/memory.usage_in_bytes', '10\n');
  tree.write('cgroup/memory/a/memory.memsw.limit_in_bytes', '9223372036854771712\n');
  tree.write('cgroup/cpu/a/cpu.cfs_quota_us', '-1\n');
  tree.write('cgroup/cpu/a/cpu.shares', '512\n');
  const rows = await rowsOf(tree);
  const root = rows.get('/');
  assert.equal(root?.sample.cpu?.totalNanos, 7e9);
  assert.equal(root.sample.memory?.usage, 5000);
  assert.equal(root.sample.pids, undefined);
  assert.deepEqual(root.limits, { memoryBytes: 1000 * 1024, memorySwapBytes: 300 * 1024 });
  assert.deepEqual(rows.get('/a')?.limits, { cpuShares: 512, memoryBytes: 4096 });
  assert.equal(rows.get('/a')?.sample.memory?.usage, 10);
});

test('processes of a host’s cgroup are those in it, without those below; sockets and limits are the root’s alone', async () => {
  using tree = rootOfV2();
  tree.write('cgroup/cgroup.procs', '1\n2\n');
  tree.write('cgroup/a.slice/cpu.stat', 'usage_usec 1\n');
  tree.write('cgroup/a.slice/cgroup.procs', '3\n');
  tree.write('cgroup/a.slice/b.service/cgroup.procs', '4\n');
  tree.write('proc/1/limits', 'Limit  Soft Limit  Hard Limit  Units\nMax open files  1024  4096  files\n');
  tree.write('proc/1/net/tcp', '  sl  local_address rem_address   st\n   0: 0:0 0:0 0A\n');
  const parts = new Set(['processes', 'limits', 'tcp'] as const);
  const usage = tree.usage({ hostNeeds: needs, parts });
  await readOne(usage, tree.container('idle'));
  const processes = new Map(usage.host()?.cgroups.map(({ path, sample }) => [path, sample.process]));
  usage.close();
  assert.deepEqual(processes.get('/'), {
    processes: 2,
    maxOpenFiles: 1024,
    ipv4: { tcp: new Map([[10, 1]]) },
  });
  assert.deepEqual(processes.get('/a.slice'), { processes: 1 });
  assert.equal((await rowsOf(tree)).get('/')?.sample.process, undefined, 'nobody needs them');
});

test('a tree that is a part of the host’s has no root, and none is shown', async () => {
  using tree = rootOfV2();
  tree.write('cgroup/cgroup.type', 'domain\n');
  assert.deepEqual([...(await rowsOf(tree)).keys()], []);
  using first = hostOf('cgroup_v1');
  assert.deepEqual([...(await rowsOf(first)).keys()], []);
});

test('nothing of the host is shown until a container proves that the runtime is on it, and nothing after the end', async () => {
  using tree = rootOfV2();
  const usage = tree.usage({ hostNeeds: needs });
  assert.equal(usage.host(), undefined);
  await readOne(usage, tree.container('idle'));
  assert.ok(usage.host()?.machine);
  usage.retain(() => false);
  assert.ok(usage.host()?.cgroups.length);
  usage.close();
  assert.equal(usage.host(), undefined);
});

test('a cgroup that is removed is gone with the next reading, and one that comes is there within a minute', async () => {
  using tree = rootOfV2();
  tree.write('cgroup/a/cpu.stat', 'usage_usec 1\n');
  const usage = tree.usage({ hostNeeds: needs, maxDescriptors: 0 });
  await readOne(usage, tree.container('idle'));
  const paths = () =>
    usage
      .host()
      ?.cgroups.map(({ path }) => path)
      .toSorted();
  assert.deepEqual(paths(), ['/', '/a', '/docker']);
  tree.remove('cgroup/a');
  tree.write('cgroup/b/cpu.stat', 'usage_usec 1\n');
  await tree.clock.advance(60_000);
  assert.deepEqual(paths(), ['/', '/b', '/docker']);
  usage.close();
});
