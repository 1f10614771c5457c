import assert from 'node:assert/strict';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { EffectiveLimits } from '../../../../src/model/sample.ts';
import { KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';

const name = 'io_writer';
const parts = new Set(['effectiveLimits'] as const);

/** What holds of the container once these files are in its own cgroup, and these in those above it. */
async function limitsWith(
  tree: KernelTree,
  own: Readonly<Record<string, string>>,
  above: Readonly<Record<string, string>>,
): Promise<EffectiveLimits | undefined> {
  for (const [file, content] of Object.entries(own)) tree.set(name, file, content);
  for (const [path, content] of Object.entries(above)) tree.write(path, content);
  const usage = tree.usage({ parts });
  const sample = await readOne(usage, tree.container(name));
  usage.close();
  return sample?.effectiveLimits;
}

test('version 2: the lowest of each limit holds, whichever cgroup above the container has it', async () => {
  using tree = KernelTree.recorded('cgroup_v2_systemd', [name]);
  const slice = dirname(dirname(tree.pathOf(name, 'cpu.stat')));
  assert.match(slice, /^cgroup\/.+/);
  const unset = { 'memory.max': 'max', 'memory.swap.max': 'max', 'pids.max': 'max', 'cpu.max': 'max 100000' };
  assert.equal(await limitsWith(tree, unset, {}), undefined);
  const above = {
    [`${slice}/memory.max`]: '2000000\n',
    [`${slice}/cpu.max`]: 'max 100000\n',
    'cgroup/memory.max': '1000000\n',
    'cgroup/cpu.max': '50000 100000\n',
    'cgroup/pids.max': '900\n',
    'cgroup/memory.swap.max': '0\n',
    // Above what is mounted nothing is to be seen.
    'memory.max': '1\n',
  };
  assert.deepEqual(await limitsWith(tree, {}, above), {
    cpus: 0.5,
    memoryBytes: 1_000_000,
    swapBytes: 0,
    pids: 900,
  });
  const own = { 'memory.max': '999999', 'pids.max': '1000', 'cpu.max': '10000 100000' };
  assert.deepEqual(await limitsWith(tree, own, {}), {
    cpus: 0.1,
    memoryBytes: 999_999,
    swapBytes: 0,
    pids: 900,
  });
});

test('version 1: of memory the kernel’s own; of CPU and tasks the lowest', async () => {
  using tree = KernelTree.recorded('cgroup_v1', [name]);
  const stat = 'cache 0\nhierarchical_memory_limit 9223372036854771712\ninactive_file 0\n';
  const unset = {
    'memory/memory.stat': stat,
    'cpu/cpu.cfs_quota_us': '-1\n',
    'cpu/cpu.cfs_period_us': '100000\n',
    'pids/pids.max': 'max\n',
  };
  assert.equal(await limitsWith(tree, unset, {}), undefined);
  const limited = { 'memory/memory.stat': stat.replace('9223372036854771712', '4096') };
  const above = {
    'cgroup/cpu/cpu.cfs_quota_us': '200000\n',
    'cgroup/cpu/cpu.cfs_period_us': '100000\n',
    'cgroup/pids/pids.max': '7\n',
  };
  assert.deepEqual(await limitsWith(tree, limited, above), { cpus: 2, memoryBytes: 4096, pids: 7 });
});

test('version 1: controllers that are mounted together have the limits of each', async () => {
  using tree = KernelTree.recorded('cgroup_v1', [name]);
  const { cgroup } = tree.roots;
  cpSync(join(cgroup, 'pids'), join(cgroup, 'cpu'), { recursive: true });
  rmSync(join(cgroup, 'pids'), { recursive: true });
  symlinkSync('cpu', join(cgroup, 'pids'));
  const above = {
    'cgroup/cpu/cpu.cfs_quota_us': '200000\n',
    'cgroup/cpu/cpu.cfs_period_us': '100000\n',
    'cgroup/cpu/pids.max': '7\n',
  };
  const { cpus, pids } = (await limitsWith(tree, {}, above)) ?? {};
  assert.deepEqual({ cpus, pids }, { cpus: 2, pids: 7 });
});

test('what is above is read once for all that it holds, and again a minute later', async () => {
  using tree = KernelTree.recorded('cgroup_v2');
  const usage = tree.usage({ parts });
  const first = tree.container(name);
  const [other] = [...tree.containers.values()].filter((each) => each !== first);
  assert.ok(other);
  tree.write('cgroup/memory.max', '4096\n');
  const effective = async (container: typeof first): Promise<number | undefined> =>
    (await readOne(usage, container))?.effectiveLimits?.memoryBytes;
  assert.equal(await effective(first), 4096);
  tree.write('cgroup/memory.max', '2048\n');
  assert.equal(await effective(other), 4096);
  await tree.clock.advance(60_000);
  // A new inspection may have new limits.
  assert.equal(await effective({ ...first }), 2048);
  usage.close();
});

test('the row of the root has its own limits, and nothing above it', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  tree.write('cgroup/cpu.stat', 'usage_usec 5\n');
  tree.write('cgroup/pids.max', '900\n');
  const usage = tree.usage({ parts, hostNeeds: { machine: false, cgroups: 'root' } });
  await readOne(usage, tree.container(name));
  const rows = usage.host()?.cgroups ?? [];
  assert.deepEqual(
    rows.map(({ path, sample }) => [path, sample.effectiveLimits]),
    [['/', { pids: 900 }]],
  );
  usage.close();
});
