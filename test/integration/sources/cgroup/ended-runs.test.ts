import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EndedRun, UsageSource } from '../../../../src/sources/container-source.ts';
import { KernelTree, openBelow, readOne, recordedContainer } from '../../../support/fakes/kernel-tree.ts';

const name = 'io_writer';

/** A host of version 2 with one container that the runtime has named, and has read once. */
async function v2Host() {
  const tree = KernelTree.recorded('cgroup_v2', [name]);
  tree.set(name, 'cgroup.events', 'populated 1\nfrozen 0\n');
  // Files are opened for each read: on a disk a descriptor goes on to read what was removed.
  const usage = tree.usage({ maxDescriptors: 0 });
  const sample = await readOne(usage, tree.container(name));
  assert.ok(sample);
  return { tree, usage, id: tree.container(name).identity.id, sample };
}

/** Waits until the kernel has said of a change below this path, and others have taken notice. */
async function noticed(path: string, change: () => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(path, () => {
      watcher.close();
      resolve();
    });
    change();
  });
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}

/** CPU time of the runs that ended, in microseconds. */
function micros(run: EndedRun | undefined): number | undefined {
  const nanos = run?.sample.cpu?.totalNanos;
  return nanos === undefined ? undefined : Number(nanos) / 1000;
}

function allOf(usage: UsageSource, id: string): (number | undefined)[] {
  return [1, 2, 3].map(() => micros(usage.ended?.(id)));
}

test('version 2: the values at the end outlive the cgroup, once, and nothing in use is among them', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  assert.equal(usage.ended(id), undefined, 'it runs');
  tree.set(name, 'cpu.stat', 'usage_usec 700\nuser_usec 500\nsystem_usec 200\n');
  tree.set(name, 'memory.peak', '4096\n');
  tree.set(name, 'memory.events', 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n');
  const events = join(tree.folder, tree.pathOf(name, 'cgroup.events'));
  await noticed(events, () => tree.set(name, 'cgroup.events', 'populated 0\nfrozen 0\n'));
  await noticed(dirname(dirname(events)), () => tree.remove(dirname(tree.pathOf(name, 'cgroup.events'))));
  const run = usage.ended(id);
  assert.ok(run);
  const { cpu, memory, pids, isLast } = run.sample;
  assert.deepEqual(cpu, { totalNanos: 700_000, userNanos: 500_000, kernelNanos: 200_000 });
  assert.deepEqual([memory?.maxUsage, memory?.events?.['oom_kill']], [4096, 1]);
  assert.deepEqual([memory?.usage, memory?.limit, pids, isLast], [undefined, undefined, undefined, true]);
  assert.equal(usage.ended(id), undefined);
  usage.close();
  assert.deepEqual(openBelow(tree.folder), []);
});

test('the last moments of a task count, too: the kernel adds them a little later', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  const events = join(tree.folder, tree.pathOf(name, 'cgroup.events'));
  await noticed(events, () => tree.set(name, 'cgroup.events', 'populated 0\n'));
  tree.set(name, 'cpu.stat', 'usage_usec 123456789\n');
  await tree.clock.advance(5);
  await noticed(dirname(dirname(events)), () => tree.remove(dirname(tree.pathOf(name, 'cgroup.events'))));
  assert.equal(micros(usage.ended(id)), 123_456_789);
  usage.close();
});

test('a cgroup that has processes again has not ended', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  const events = join(tree.folder, tree.pathOf(name, 'cgroup.events'));
  await noticed(events, () => tree.set(name, 'cgroup.events', 'populated 0\n'));
  await noticed(events, () => tree.set(name, 'cgroup.events', 'populated 1\n'));
  assert.equal(usage.ended(id), undefined);
  tree.set(name, 'cpu.stat', 'usage_usec 900\n');
  tree.set(name, 'cgroup.events', 'populated 0\n');
  assert.deepEqual(allOf(usage, id), [900, undefined, undefined]);
  usage.close();
});

test('runs of one container are told apart by their directories, the earliest first', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  const events = tree.pathOf(name, 'cgroup.events');
  const parent = join(tree.folder, dirname(dirname(events)));
  const end = async (used: number): Promise<void> => {
    tree.set(name, 'cpu.stat', `usage_usec ${used}\n`);
    await noticed(join(tree.folder, events), () => tree.set(name, 'cgroup.events', 'populated 0\n'));
    await noticed(parent, () => tree.move(dirname(events), `old-${used}`));
  };
  await end(800);
  await noticed(parent, () => tree.set(name, 'cgroup.events', 'populated 1\n'));
  await tree.clock.advance(20);
  await end(300);
  await noticed(parent, () => tree.set(name, 'cgroup.events', 'populated 1\n'));
  tree.set(name, 'cpu.stat', 'usage_usec 5\n');
  await tree.clock.advance(20);
  assert.deepEqual(allOf(usage, id), [800, 300, undefined]);
  usage.close();
});

test('a run that was handed over is not handed over again when the next one has its path already', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  const events = tree.pathOf(name, 'cgroup.events');
  const parent = join(tree.folder, dirname(dirname(events)));
  tree.set(name, 'cpu.stat', 'usage_usec 800\n');
  await noticed(join(tree.folder, events), () => tree.set(name, 'cgroup.events', 'populated 0\n'));
  assert.equal(micros(usage.ended(id)), 800);
  // The agent was busy: it receives all of this at once.
  await noticed(parent, () => {
    tree.set(name, 'cgroup.events', 'populated 0\nfrozen 0\n');
    tree.move(dirname(events), 'old');
    tree.set(name, 'cgroup.events', 'populated 1\n');
  });
  await tree.clock.advance(20);
  tree.set(name, 'cpu.stat', 'usage_usec 300\n');
  await noticed(join(tree.folder, events), () => tree.set(name, 'cgroup.events', 'populated 0\n'));
  assert.deepEqual(allOf(usage, id), [300, undefined, undefined]);
  usage.close();
});

test('what the next run has used in the same directory is not read as the earlier one’s', async () => {
  const { tree, usage, id, sample } = await v2Host();
  using _ = tree;
  const events = tree.pathOf(name, 'cgroup.events');
  // The agent was busy: it receives all of this at once.
  await noticed(join(tree.folder, events), () => {
    tree.set(name, 'cgroup.events', 'populated 0\n');
    tree.move(dirname(events), 'old');
    tree.set(name, 'cpu.stat', 'usage_usec 999999999999\n');
    tree.set(name, 'cgroup.events', 'populated 1\n');
  });
  assert.equal(micros(usage.ended(id)), Number(sample.cpu?.totalNanos) / 1000);
  usage.close();
});

test('what nobody asked for in time does not hide the end of a later run', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  const events = tree.pathOf(name, 'cgroup.events');
  const parent = join(tree.folder, dirname(dirname(events)));
  await noticed(join(tree.folder, events), () => tree.set(name, 'cgroup.events', 'populated 0\n'));
  await noticed(parent, () => tree.move(dirname(events), 'old'));
  await noticed(parent, () => {
    tree.set(name, 'cpu.stat', 'usage_usec 5\n');
    tree.set(name, 'cgroup.events', 'populated 1\n');
  });
  await tree.clock.advance(130_000);
  tree.set(name, 'cpu.stat', 'usage_usec 300\n');
  tree.set(name, 'cgroup.events', 'populated 0\n');
  assert.deepEqual(allOf(usage, id), [300, undefined, undefined]);
  usage.close();
});

test('files that are read after their container was found no more are closed with its run', async () => {
  const { tree, id } = await v2Host();
  using _ = tree;
  const usage = tree.usage();
  await readOne(usage, tree.container(name));
  // Its process has ended, and the runtime did not say so yet when its place was to be looked at again.
  tree.remove(`proc/${tree.container(name).pid}`);
  await tree.clock.advance(120_000);
  await assert.rejects(readOne(usage, tree.container(name)), /neither its process nor its cgroup is known/);
  assert.deepEqual(openBelow(tree.folder), []);
  tree.set(name, 'cpu.stat', 'usage_usec 300\n');
  tree.set(name, 'cgroup.events', 'populated 0\n');
  assert.equal(micros(usage.ended(id)), 300);
  usage.retain(() => false);
  assert.deepEqual(openBelow(tree.folder), []);
  usage.close();
});

test('hits of the limit of which nothing was known are no zero at the end', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  tree.remove(tree.pathOf(name, 'memory.events'));
  tree.write(`${tree.pathOf(name, 'memory.events')}/a`, 'a directory cannot be read');
  tree.set(name, 'cgroup.events', 'populated 0\n');
  const memory = usage.ended(id)?.sample.memory;
  assert.ok(memory && Object.keys(memory.stats).length > 0);
  assert.deepEqual(memory.unknown, ['failcnt']);
  usage.close();
});

test('a container that the runtime names only when it has gone was followed by its directory', async () => {
  const { tree, usage } = await v2Host();
  using _ = tree;
  const id = 'f'.repeat(64);
  const directory = join(dirname(dirname(tree.pathOf(name, 'cgroup.events'))), id);
  const parent = join(tree.folder, dirname(directory));
  const madeAt = tree.clock.now();
  await noticed(parent, () => {
    tree.write(`${directory}/cgroup.events`, 'populated 0\n');
    tree.write(`${directory}/cpu.stat`, 'usage_usec 0\n');
  });
  await tree.clock.advance(20);
  await noticed(join(parent, id, 'cgroup.events'), () =>
    tree.write(`${directory}/cgroup.events`, 'populated 1\n'),
  );
  tree.write(`${directory}/cpu.stat`, 'usage_usec 42\n');
  await noticed(join(parent, id, 'cgroup.events'), () =>
    tree.write(`${directory}/cgroup.events`, 'populated 0\n'),
  );
  await noticed(parent, () => tree.remove(directory));
  const run = usage.ended(id);
  assert.deepEqual([micros(run), run?.since], [42, madeAt]);
  // A monitor beside it has the id in its name, and is no container.
  await noticed(parent, () =>
    tree.write(`${dirname(directory)}/libpod-conmon-${id}.scope/cpu.stat`, 'usage_usec 9\n'),
  );
  await tree.clock.advance(20);
  assert.equal(usage.ended(id), undefined);
  usage.close();
});

test('a runtime that is slow to announce the end finds the values; those that nobody names are forgotten', async () => {
  for (const [waitMillis, expected] of [
    [100_000, 700],
    [130_000, undefined],
  ] as const) {
    const { tree, usage, id } = await v2Host();
    using _ = tree;
    const events = tree.pathOf(name, 'cgroup.events');
    tree.set(name, 'cpu.stat', 'usage_usec 700\n');
    await noticed(join(tree.folder, events), () => tree.set(name, 'cgroup.events', 'populated 0\n'));
    await noticed(join(tree.folder, dirname(dirname(events))), () => tree.remove(dirname(events)));
    await tree.clock.advance(waitMillis);
    assert.equal(micros(usage.ended(id)), expected);
    usage.close();
  }
});

test('the parent by the runtime’s rules is watched before the first container', async () => {
  using tree = new KernelTree('cgroup_v2');
  tree.write('cgroup/docker/cpu.stat', '');
  const usage = tree.usage({ maxDescriptors: 0, parent: () => '/docker' });
  usage.round(AbortSignal.timeout(60_000)).close();
  const id = 'a'.repeat(64);
  const directory = `cgroup/docker/${id}`;
  await noticed(join(tree.folder, 'cgroup/docker'), () => {
    tree.write(`${directory}/cgroup.events`, 'populated 1\n');
    tree.write(`${directory}/cpu.stat`, 'usage_usec 42\n');
  });
  await tree.clock.advance(20);
  tree.write(`${directory}/cgroup.events`, 'populated 0\n');
  assert.equal(micros(usage.ended(id)), 42);
  usage.close();
});

/** Version 1 has nothing that announces an end. */
async function v1Host(ageMillis: number) {
  const tree = new KernelTree('cgroup_v1');
  const laid = recordedContainer('cgroup_v1', name);
  const files = Object.fromEntries(
    Object.entries(laid.files).filter(([file]) => !file.startsWith('unified/')),
  );
  const startedAt = tree.clock.now() - ageMillis;
  const inspected = { ...laid.inspected, state: { ...laid.inspected.state, startedAt } };
  tree.add(name, { ...laid, files, inspected });
  const usage = tree.usage({ maxDescriptors: 0 });
  await readOne(usage, inspected);
  const use = (nanos: number): void => {
    tree.set(name, 'cpuacct/cpuacct.usage', `${nanos}\n`);
    tree.set(name, 'cpuacct/cgroup.procs', '7\n');
  };
  const remove = (): void => {
    for (const each of ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'])
      tree.remove(dirname(tree.pathOf(name, `${each}/x`)));
  };
  return { tree, usage, id: inspected.identity.id, use, remove };
}

test('version 1: a young run is read again and again, less often as it grows older, and then no more', async () => {
  const { tree, usage, id, use, remove } = await v1Host(100);
  using _ = tree;
  use(5e15);
  await tree.clock.advance(20);
  use(6e15);
  await tree.clock.advance(15);
  remove();
  await tree.clock.advance(15);
  assert.equal(micros(usage.ended(id)), 6e12);
  usage.close();
  await tree.clock.advance(1000);
  assert.equal(tree.clock.sleepers, 0);
});

test('a reading that fails leaves what was read before, and is no end', async () => {
  for (const [capture, file, content] of [
    ['cgroup_v2', 'cpu.stat', 'usage_usec 700000\n'],
    ['cgroup_v1', 'cpuacct/cpuacct.usage', '700000000\n'],
  ] as const) {
    using tree = new KernelTree(capture);
    const laid = recordedContainer(capture, name);
    const state = { ...laid.inspected.state, startedAt: tree.clock.now() - 100 };
    tree.add(name, { ...laid, inspected: { ...laid.inspected, state } });
    tree.set(name, file, content);
    const usage = tree.usage({ maxDescriptors: 0 });
    await readOne(usage, tree.container(name));
    await tree.clock.advance(20);
    // A directory is read as little as a file beyond the limit of descriptors.
    tree.remove(tree.pathOf(name, file));
    tree.write(`${tree.pathOf(name, file)}/a`, '');
    await tree.clock.advance(50);
    usage.retain(() => false);
    assert.equal(micros(usage.ended(laid.inspected.identity.id)), 700_000);
    usage.close();
  }
});

test('a young run hands over what was read of it last, however long ago: nothing else of it is known', async () => {
  for (const [ageMillis, expected] of [
    [10_000, 700],
    [100_000, undefined],
  ] as const) {
    using tree = new KernelTree('cgroup_v2');
    const laid = recordedContainer('cgroup_v2', name);
    const state = { ...laid.inspected.state, startedAt: tree.clock.now() - ageMillis };
    tree.add(name, { ...laid, inspected: { ...laid.inspected, state } });
    tree.set(name, 'cpu.stat', 'usage_usec 700\n');
    const usage = tree.usage({ maxDescriptors: 0 });
    await readOne(usage, tree.container(name));
    // No reading succeeds, as where the machine keeps the agent from reading.
    tree.remove(tree.pathOf(name, 'cpu.stat'));
    tree.write(`${tree.pathOf(name, 'cpu.stat')}/a`, '');
    await tree.clock.advance(10_000);
    usage.retain(() => false);
    assert.equal(micros(usage.ended(laid.inspected.identity.id)), expected);
    usage.close();
  }
});

test('the few files that count are read before anything else: systemd removes a cgroup as soon as it is empty', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  await tree.clock.advance(100_000);
  tree.set(name, 'cpu.stat', 'usage_usec 900000000\n');
  const events = tree.pathOf(name, 'cgroup.events');
  await noticed(join(tree.folder, events), () => tree.remove(events));
  assert.equal(micros(usage.ended(id)), 900_000_000);
  usage.close();
});

test('a cgroup that is removed while it is read leaves what the files read first had', async () => {
  const tree = KernelTree.recorded('cgroup_v2', [name]);
  using _ = tree;
  tree.set(name, 'cgroup.events', 'populated 1\n');
  // Of a process that has ended the kernel says what it says of a cgroup that is removed.
  const child = spawn('sleep', ['1000']);
  await once(child, 'spawn');
  tree.remove(tree.pathOf(name, 'memory.stat'));
  symlinkSync(`/proc/${child.pid}/status`, join(tree.folder, tree.pathOf(name, 'memory.stat')));
  const usage = tree.usage();
  assert.ok(await readOne(usage, tree.container(name)));
  child.kill('SIGKILL');
  await once(child, 'exit');
  tree.set(name, 'cpu.stat', 'usage_usec 900000000\n');
  tree.set(name, 'cgroup.events', 'populated 0\n');
  assert.equal(micros(usage.ended(tree.container(name).identity.id)), 900_000_000);
  usage.close();
  assert.deepEqual(openBelow(tree.folder), []);
});

test('a run that begins while others are waited for, which are older and read less often, is read in its own time', async () => {
  using tree = new KernelTree('cgroup_v2');
  const laid = recordedContainer('cgroup_v2', name);
  const state = { ...laid.inspected.state, startedAt: tree.clock.now() - 30_000 };
  tree.add(name, { ...laid, inspected: { ...laid.inspected, state } });
  const usage = tree.usage({ maxDescriptors: 0 });
  await readOne(usage, tree.container(name));
  await tree.clock.advance(100);
  const id = 'f'.repeat(64);
  const parent = dirname(dirname(tree.pathOf(name, 'cgroup.events')));
  await noticed(join(tree.folder, parent), () => tree.write(`${parent}/${id}/cpu.stat`, 'usage_usec 5\n'));
  await tree.clock.advance(20);
  tree.write(`${parent}/${id}/cpu.stat`, 'usage_usec 42\n');
  await tree.clock.advance(20);
  await noticed(join(tree.folder, parent), () => tree.remove(`${parent}/${id}`));
  assert.equal(micros(usage.ended(id)), 42);
  usage.close();
});

test('the age of a run is that of its first process, whose cgroup may be made long before', async () => {
  const { tree, usage } = await v2Host();
  using _ = tree;
  const laid = recordedContainer('cgroup_v2', name);
  const id = 'f'.repeat(64);
  const old = laid.inspected.identity.id;
  const parent = dirname(dirname(tree.pathOf(name, 'cgroup.events')));
  await noticed(join(tree.folder, parent), () => tree.write(`${parent}/${id}/cpu.stat`, 'usage_usec 5\n'));
  await tree.clock.advance(20_000);
  const state = { ...laid.inspected.state, startedAt: tree.clock.now() };
  const inspected = { ...laid.inspected, pid: 77, state, identity: { ...laid.inspected.identity, id } };
  tree.add('late', { ...laid, inspected, procCgroup: laid.procCgroup.replaceAll(old, id) });
  tree.set('late', 'cpu.stat', 'usage_usec 6\n');
  await readOne(usage, inspected);
  await tree.clock.advance(20);
  tree.set('late', 'cpu.stat', 'usage_usec 7\n');
  await tree.clock.advance(20);
  await noticed(join(tree.folder, parent), () => tree.remove(`${parent}/${id}`));
  assert.equal(micros(usage.ended(id)), 7);
  usage.close();
});

test('version 1: an old run is left to the rounds, whose reading holds while it is near the end', async () => {
  for (const [waitMillis, expected] of [
    [10_000, 5e12],
    [60_000, undefined],
  ] as const) {
    const { tree, usage, id, use, remove } = await v1Host(600_000);
    using _ = tree;
    assert.equal(tree.clock.sleepers, 0, 'it is not read between rounds');
    use(5e15);
    await readOne(usage, tree.container(name));
    await tree.clock.advance(waitMillis);
    remove();
    assert.equal(micros(usage.ended(id)), expected);
    usage.close();
  }
});

test('version 1: one that the runtime never names keeps no descriptor when it is young no more', async () => {
  const { tree } = await v1Host(600_000);
  using _ = tree;
  const parent = dirname(dirname(tree.pathOf(name, 'cpuacct/x')));
  const usage = tree.usage({ parent: () => parent.slice('cgroup/cpuacct'.length) });
  usage.round(AbortSignal.timeout(60_000)).close();
  const directory = `${parent}/${'f'.repeat(64)}`;
  await noticed(join(tree.folder, parent), () => tree.write(`${directory}/cpuacct.usage`, '7\n'));
  await tree.clock.advance(1000);
  assert.ok(openBelow(tree.folder).length > 0);
  await tree.clock.advance(60_000);
  assert.deepEqual(openBelow(tree.folder), []);
  usage.close();
});

test('version 1: what is still there when the runtime announces the end is read then', async () => {
  const { tree, usage, id, use } = await v1Host(600_000);
  using _ = tree;
  use(5e15);
  assert.equal(usage.ended(id), undefined, 'it has processes');
  tree.set(name, 'cpuacct/cgroup.procs', '');
  assert.deepEqual(allOf(usage, id), [5e12, undefined, undefined]);
  usage.close();
});

test('a container that does not run any more is let go of, and its values are kept for its event', async () => {
  const { tree, usage, id } = await v2Host();
  using _ = tree;
  tree.set(name, 'cpu.stat', 'usage_usec 900\n');
  await noticed(join(tree.folder, tree.pathOf(name, 'cgroup.events')), () =>
    tree.set(name, 'cgroup.events', 'populated 0\n'),
  );
  usage.retain(() => false);
  assert.deepEqual(openBelow(tree.folder), []);
  assert.equal(micros(usage.ended(id)), 900);
  usage.close();
  assert.equal(usage.ended(id), undefined);
});

test('version 2: a young run is read as on version 1, too; the report says that it cannot be watched', async () => {
  const laid = recordedContainer('cgroup_v2', name);
  const { 'cgroup.events': _events, ...files } = laid.files;
  for (const isWatched of [true, false]) {
    using tree = new KernelTree('cgroup_v2');
    const state = { ...laid.inspected.state, startedAt: tree.clock.now() - 100 };
    const inspected = { ...laid.inspected, state };
    tree.add(name, { ...laid, inspected, files: isWatched ? laid.files : files });
    const usage = tree.usage({ maxDescriptors: 0 });
    await readOne(usage, inspected);
    assert.equal(usage.report().unwatched, isWatched ? 0 : 1);
    tree.set(name, 'cpu.stat', 'usage_usec 700000000\n');
    await tree.clock.advance(20);
    tree.remove(dirname(tree.pathOf(name, 'cpu.stat')));
    assert.equal(micros(usage.ended(inspected.identity.id)), 700_000_000);
    usage.close();
  }
});
