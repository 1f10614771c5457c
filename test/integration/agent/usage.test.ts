import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findKernelFiles, kernelUsage } from '../../../src/agent/usage.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { Config } from '../../../src/config/settings/settings.ts';
import type { Sample } from '../../../src/model/sample.ts';
import type { InspectedContainer, UsageRound, UsageSource } from '../../../src/sources/container-source.ts';
import { parseStats } from '../../../src/sources/docker/stats.ts';
import { KernelTree, readEach, readOne } from '../../support/fakes/kernel-tree.ts';
import { load } from '../../support/fakes/load.ts';
import { ScriptedSource } from '../../support/fakes/scripted-source.ts';
import { unprivileged } from '../../support/fakes/unprivileged.ts';
import { recordedJson } from '../../support/wire/recorded-cases.ts';
import type { Capture } from '../../support/wire/recorded-cases.ts';

const name = 'io_writer';
const recordedAt = Date.UTC(2026, 10, 23, 10, 9, 26, 561);

/** A runtime that responds with what was recorded of one container. */
class RecordedUsage implements UsageSource {
  readonly kind = 'docker';
  readonly sample: Sample;
  rounds = 0;
  open = 0;
  isRunning = true;
  readonly asked: string[] = [];

  constructor(capture: Capture) {
    const sample = parseStats(recordedJson(`${capture}/${name}/stats.json`), recordedAt);
    assert.ok(sample);
    this.sample = sample;
  }

  round(): UsageRound {
    this.rounds += 1;
    this.open += 1;
    return {
      read: async ({ identity }: InspectedContainer) => {
        this.asked.push(identity.name);
        return await Promise.resolve(this.isRunning ? this.sample : undefined);
      },
      close: () => {
        this.open -= 1;
      },
    };
  }
}

function configOf(flags: Readonly<Record<string, string>>): Config {
  return load({ flags }).config;
}

/** The usage of a tree as the agent composes it. */
function composed(tree: KernelTree, usageSource: string, runtime: UsageSource): UsageSource {
  const { cgroup, proc, sys } = tree.roots;
  const files = findKernelFiles(
    configOf({ 'usage-source': usageSource, 'cgroup-root': cgroup, 'proc-root': proc, 'sys-root': sys }),
  );
  assert.ok(files);
  const source = Object.assign(new ScriptedSource(), { usage: runtime });
  return kernelUsage(files, source, { clock: tree.clock, sourceCount: 1 });
}

test('the kernel’s files demanded, and none there: root, what is expected, and the mount', () => {
  for (const flags of [{ 'usage-source': 'cgroup' }, {}])
    assert.throws(
      () => findKernelFiles(configOf({ ...flags, 'cgroup-root': '/nowhere/cgroup' })),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        const [problem = '', ...others] = error.problems;
        const demanded = 'usage-source' in flags ? '--usage-source cgroup' : '--cgroup-root';
        assert.ok(problem.startsWith(`${demanded}: there is no cgroup tree at /nowhere/cgroup: `), problem);
        assert.match(problem, /expected cgroup\.controllers \(version 2\)/);
        assert.match(problem, /-v \/sys\/fs\/cgroup:\/host\/sys\/fs\/cgroup:ro/);
        assert.deepEqual(others, []);
        return true;
      },
    );
});

test('a tree that was named and is none: each of them, what is expected, and the mount', () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const { cgroup, proc } = tree.roots;
  const flags = { 'cgroup-root': cgroup, 'proc-root': cgroup, 'sys-root': '/nowhere' };
  assert.throws(() => findKernelFiles(configOf(flags)), {
    problems: [
      `--proc-root: there is no /proc at ${cgroup}: expected the file stat; in a container mount the host's, as in -v /proc:/host/proc:ro`,
      "--sys-root: there is no /sys at /nowhere: expected the directory dev/block; in a container mount the host's, as in -v /sys:/host/sys:ro",
    ],
  });
  assert.ok(findKernelFiles(configOf({ 'cgroup-root': cgroup, 'proc-root': proc })));
  assert.equal(findKernelFiles(configOf({ ...flags, 'usage-source': 'runtime' })), undefined);
});

test('the runtime’s usage alone: no tree is looked for', () => {
  assert.equal(
    findKernelFiles(configOf({ 'usage-source': 'runtime', 'cgroup-root': '/nowhere' })),
    undefined,
  );
});

test('auto: the runtime for what the files lack; cgroup: nothing but the files', () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const find = (usageSource: string) =>
    findKernelFiles(configOf({ 'usage-source': usageSource, 'cgroup-root': tree.roots.cgroup }));
  assert.equal(find('auto')?.hasFallback, true);
  assert.equal(find('cgroup')?.hasFallback, false);
  assert.equal(find('cgroup')?.hierarchies.version, 2);
});

test('a container that is found costs the runtime nothing; one that is not has the runtime’s sample', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name, 'idle']);
  tree.remove(tree.pathOf('idle', ''));
  const runtime = new RecordedUsage('cgroup_v2');
  const usage = composed(tree, 'auto', runtime);
  assert.equal((await readOne(usage, tree.container(name)))?.partTimes, undefined);
  assert.equal(runtime.rounds, 0);
  const samples = await readEach(usage, tree.containers);
  assert.equal(samples.get('idle'), runtime.sample);
  assert.deepEqual([runtime.asked, runtime.rounds, runtime.open], [['idle'], 1, 0]);
  usage.close?.();
});

for (const [capture, closed] of [
  ['cgroup_v2', ['memory.current', 'memory.stat', 'memory.max']],
  ['cgroup_v2', ['memory.stat']],
  ['cgroup_v1', ['memory/memory.usage_in_bytes', 'memory/memory.stat']],
] as const) {
  test(`${capture}: ${closed.join(', ')} closed: the runtime’s memory at the runtime’s time`, async () => {
    using tree = KernelTree.recorded(capture, [name]);
    const before = tree.usage();
    const { memory: whole, ...others } = (await readOne(before, tree.container(name))) ?? {};
    before.close();
    for (const file of closed) chmodSync(join(tree.folder, tree.pathOf(name, file)), 0);
    const runtime = new RecordedUsage(capture);
    const usage = composed(tree, 'auto', runtime);
    const sample = await unprivileged(tree.folder, async () => await readOne(usage, tree.container(name)));
    const { memory, partTimes, ...ofFiles } = sample ?? {};
    // What the runtime does not give stays the kernel's.
    const isMemoryRead = !closed.some((file) => /current|usage_in_bytes/.test(file));
    const { events, swapUsage, kernelUsage, maxUsage } = (isMemoryRead && whole) || {};
    const alone = Object.entries({ events, swapUsage, kernelUsage, maxUsage });
    const ofKernel = Object.fromEntries(alone.filter(([, value]) => value !== undefined));
    assert.deepEqual(memory, { ...ofKernel, ...runtime.sample.memory });
    assert.deepEqual(partTimes, { memory: runtime.sample.takenAt });
    assert.notEqual(runtime.sample.takenAt, tree.clock.now());
    assert.deepEqual(ofFiles, others);
    usage.close?.();
  });
}

test('files that cannot be read, and no runtime to ask: absent and unknown, with no zero', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  // Directories are no files, whoever reads.
  for (const file of ['memory.current', 'io.stat', 'pids.current']) {
    tree.remove(tree.pathOf(name, file));
    mkdirSync(join(tree.folder, tree.pathOf(name, file)));
  }
  const usage = composed(tree, 'cgroup', new RecordedUsage('cgroup_v2'));
  const sample = await readOne(usage, tree.container(name));
  const { memory, pids, blockIo, partTimes, unknown, cpu } = sample ?? {};
  assert.deepEqual([memory, pids, blockIo, partTimes], [undefined, undefined, undefined, undefined]);
  assert.deepEqual(unknown, ['blockIo']);
  assert.equal(cpu?.totalNanos, 7_508_369_000);
  usage.close?.();
});

test('every part that cannot be read is the runtime’s, and known again', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  for (const file of ['cpu.stat', 'memory.current', 'io.stat', 'pids.current']) {
    tree.remove(tree.pathOf(name, file));
    mkdirSync(join(tree.folder, tree.pathOf(name, file)));
  }
  const runtime = new RecordedUsage('cgroup_v2');
  const usage = composed(tree, 'auto', runtime);
  const sample = await readOne(usage, tree.container(name));
  const { takenAt } = runtime.sample;
  assert.deepEqual(sample?.partTimes, { cpu: takenAt, memory: takenAt, blockIo: takenAt, pids: takenAt });
  assert.equal(sample.unknown, undefined);
  for (const part of ['cpu', 'memory', 'blockIo', 'pids'] as const)
    assert.deepEqual(sample[part], runtime.sample[part]);
  usage.close?.();
});

test('without the host’s /proc the networks are the runtime’s, and the rest the files’', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const { identity, ...inspected } = tree.container(name);
  tree.remove(`proc/${inspected.pid}`);
  const container = { ...inspected, identity: { ...identity, cgroupPath: `/docker/${identity.id}` } };
  const runtime = new RecordedUsage('cgroup_v2');
  const usage = composed(tree, 'auto', runtime);
  const sample = await readOne(usage, container);
  assert.deepEqual(sample?.networks, runtime.sample.networks);
  assert.deepEqual([sample?.partTimes, sample?.unknown], [{ networks: runtime.sample.takenAt }, undefined]);
  assert.equal(sample?.takenAt, tree.clock.now());
  runtime.isRunning = false;
  const alone = await readOne(usage, container);
  assert.deepEqual([alone?.networks, alone?.partTimes, alone?.unknown], [undefined, undefined, ['networks']]);
  usage.close?.();
});
