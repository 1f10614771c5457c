import assert from 'node:assert/strict';
import { linkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Sample } from '../../../../src/model/sample.ts';
import type { InspectedContainer } from '../../../../src/sources/container-source.ts';
import { SourceError } from '../../../../src/sources/source-error.ts';
import {
  firstSample,
  KernelTree,
  openBelow,
  readEach,
  readOne,
  recordedContainer,
} from '../../../support/fakes/kernel-tree.ts';

const name = 'io_writer';
const other = 'cpu_throttled';

function withPid({ ...container }: InspectedContainer, pid: number | undefined): InspectedContainer {
  const { pid: _old, ...others } = container;
  return pid === undefined ? others : { ...others, pid };
}

for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
  test(`${capture}: removed between rounds, and back with another process`, async () => {
    using tree = KernelTree.recorded(capture, [name]);
    const usage = tree.usage({ maxDescriptors: 0 });
    const container = tree.container(name);
    const before = await readOne(usage, container);
    assert.ok(before);
    tree.remove('cgroup');
    tree.remove(`proc/${container.pid}`);
    assert.equal(await readOne(usage, container), undefined);
    assert.deepEqual(openBelow(tree.folder), []);
    const laid = recordedContainer(capture, name);
    const again = withPid(container, 40_000);
    if (capture === 'cgroup_v2') tree.write('cgroup/cgroup.controllers', '');
    tree.add(name, { ...laid, inspected: again });
    const { takenAt: _takenAt, ...after } = (await readOne(usage, again)) ?? {};
    const { takenAt: _before, ...first } = before;
    assert.deepEqual(after, first);
    usage.close();
    assert.deepEqual(openBelow(tree.folder), []);
  });
}

test('a cgroup that a process has left is looked for again', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const usage = tree.usage({ maxDescriptors: 0 });
  const container = tree.container(name);
  const { id } = container.identity;
  const first = await readOne(usage, container);
  tree.move(`cgroup/docker/${id}`, `cgroup/moved.slice/docker-${id}.scope`);
  tree.write(`proc/${container.pid}/cgroup`, `0::/moved.slice/docker-${id}.scope\n`);
  assert.deepEqual((await readOne(usage, container))?.cpu, first?.cpu);
  usage.close();
});

test('a cgroup that is still there, after its process has moved, is left within a minute and a half', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const usage = tree.usage();
  const container = tree.container(name);
  const { id } = container.identity;
  await readOne(usage, container);
  tree.write(`cgroup/moved/${id}/cpu.stat`, 'usage_usec 9\n');
  tree.write(`proc/${container.pid}/cgroup`, `0::/moved/${id}\n`);
  await tree.clock.advance(90_000);
  assert.equal((await readOne(usage, container))?.cpu?.totalNanos, 9000);
  usage.close();
});

test('a pid that another container has by now gives nothing of the other', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name, other]);
  const container = tree.container(name);
  const reused = withPid(container, tree.container(other).pid);
  const usage = tree.usage();
  await assert.rejects(readOne(usage, reused), (error: unknown) => {
    assert.ok(error instanceof SourceError);
    assert.equal(error.code, 'no-files');
    assert.match(error.message, /io_writer: the cgroup of its process does not name it/);
    return true;
  });
  assert.deepEqual([...usage.report().elsewhere.values()], [1]);
  usage.close();
});

test('a pid that is reused while its first owner is measured: no networks of the new one', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name, other]);
  const container = tree.container(name);
  const usage = tree.usage();
  const { networks } = (await readOne(usage, container)) ?? {};
  assert.equal(networks?.length, 1);
  tree.remove(`proc/${container.pid}`);
  tree.write(`proc/${container.pid}/cgroup`, recordedContainer('cgroup_v2', other).procCgroup);
  tree.write(`proc/${container.pid}/net/dev`, recordedContainer('cgroup_v2', other).netDev);
  const sample = await readOne(usage, container);
  assert.deepEqual([sample?.networks, sample?.unknown], [undefined, ['networks']]);
  await tree.clock.advance(90_000);
  await assert.rejects(readOne(usage, container), /does not name it/);
  usage.close();
});

test('without the host’s /proc: by the runtime’s path, which has to name the container', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name, other]);
  const { id } = tree.container(name).identity;
  const hidden = (cgroupPath?: string): InspectedContainer => {
    const { identity, ...others } = withPid(tree.container(name), 999_999);
    const { cgroupPath: _path, ...own } = identity;
    return { ...others, identity: { ...own, ...(cgroupPath !== undefined && { cgroupPath }) } };
  };
  const readHidden = async (cgroupPath?: string) => {
    const usage = tree.usage();
    try {
      return await readOne(usage, hidden(cgroupPath));
    } finally {
      usage.close();
    }
  };
  const sample = await readHidden(`/docker/${id}`);
  assert.equal(sample?.cpu?.totalNanos, 7_508_369_000);
  assert.deepEqual([sample.networks, sample.unknown], [undefined, ['networks']]);
  await assert.rejects(readHidden(), /neither its process nor its cgroup is known/);
  await assert.rejects(readHidden(`/elsewhere/${id}`), /not in the \/proc that is read.*--proc-root/);
  await assert.rejects(readHidden(`/docker/${tree.container(other).identity.id}`), /does not name it/);
});

test('a process that does not say where it is', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  tree.remove(`proc/${tree.container(name).pid}/cgroup`);
  const usage = tree.usage();
  await assert.rejects(readOne(usage, tree.container(name)), /not in the \/proc that is read.*--proc-root/);
  tree.write(`proc/${tree.container(name).pid}/cgroup`, recordedContainer('cgroup_v2', name).procCgroup);
  await tree.clock.advance(90_000);
  assert.ok(await readOne(usage, tree.container(name)));
  assert.equal(usage.report().elsewhere.size, 0);
  usage.close();
});

test('in the host’s network namespace there are no networks of its own', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name, other]);
  const { pid } = tree.container(name);
  tree.remove(`proc/${pid}/net/dev`);
  linkSync(join(tree.folder, 'proc/1/net/dev'), join(tree.folder, `proc/${pid}/net/dev`));
  const usage = tree.usage();
  const samples = await readEach(usage, tree.containers);
  assert.deepEqual([samples.get(name)?.networks, samples.get(name)?.unknown], [undefined, undefined]);
  assert.equal(samples.get(other)?.networks?.length, 1);
  usage.close();
});

test('limits are read again after some rounds, usage at each', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const usage = tree.usage();
  await readOne(usage, tree.container(name));
  tree.set(name, 'memory.max', '4096\n');
  tree.set(name, 'pids.max', '7\n');
  tree.set(name, 'memory.current', '123\n');
  let sample = await readOne(usage, tree.container(name));
  assert.equal(sample?.memory?.usage, 123);
  for (let round = 0; round < 6; round += 1) sample = await readOne(usage, tree.container(name));
  assert.deepEqual([sample?.memory?.limit, sample?.pids?.limit], [4096, 7]);
  usage.close();
});

test('descriptors: no more than allowed stay open, and none of what is gone', async () => {
  using tree = KernelTree.recorded('cgroup_v2');
  const usage = tree.usage({ maxDescriptors: 3 });
  const kept = (): number => openBelow(tree.folder).length;
  const first = await readEach(usage, tree.containers);
  assert.equal(kept(), 3);
  const second = await readEach(usage, tree.containers);
  assert.equal(kept(), 3);
  assert.deepEqual(second, first);
  const { id } = tree.container(name).identity;
  usage.retain((each) => each === id);
  assert.deepEqual(
    openBelow(tree.folder).filter((path) => !path.includes(id)),
    [],
  );
  usage.retain(() => false);
  assert.deepEqual(openBelow(tree.folder), []);
  usage.close();
  assert.deepEqual(openBelow(tree.folder), []);
});

test('limits that were changed are read at the first round after the inspection that shows it', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const usage = tree.usage();
  const container = tree.container(name);
  await readOne(usage, container);
  tree.write(tree.pathOf(name, 'memory.max'), '4096\n');
  assert.notEqual((await readOne(usage, container))?.memory?.limit, 4096);
  assert.equal((await readOne(usage, { ...container }))?.memory?.limit, 4096);
  usage.close();
});

test('rounds of one container, as for who watches it, close no other’s files', async () => {
  using tree = KernelTree.recorded('cgroup_v2');
  const usage = tree.usage({ maxDescriptors: 1000 });
  await readEach(usage, tree.containers);
  const kept = openBelow(tree.folder).length;
  for (let round = 0; round < 4; round += 1) await readOne(usage, tree.container(name));
  assert.equal(openBelow(tree.folder).length, kept);
  usage.close();
});

test('a read that waits for its turn when everything is closed opens nothing', async () => {
  using tree = KernelTree.recorded('cgroup_v2');
  const usage = tree.usage({ maxDescriptors: 1000 });
  const reading = readOne(usage, tree.container(name));
  usage.close();
  assert.equal(await reading, undefined);
  assert.deepEqual(openBelow(tree.folder), []);
});

test('10,000 cgroups: each its own values', async () => {
  using tree = new KernelTree('cgroup_v2');
  const { inspected } = recordedContainer('cgroup_v2', name);
  // Links to a hundred directories: to make ten thousand takes longer than to read them.
  for (let index = 0; index < 100; index += 1)
    tree.write(`cgroup/values/${index}/cpu.stat`, `usage_usec ${index}\n`);
  tree.write('cgroup/docker/cgroup.procs', '');
  for (let index = 0; index < 10_000; index += 1) {
    const id = `${index}`.padStart(64, '0');
    const identity = { ...inspected.identity, id, cgroupPath: `/docker/${id}` };
    tree.containers.set(id, withPid({ ...inspected, identity }, undefined));
    symlinkSync(`../values/${index % 100}`, join(tree.roots.cgroup, 'docker', id));
  }
  const usage = tree.usage({ maxDescriptors: 100 });
  for (let round = 0; round < 2; round += 1) {
    const samples = [...(await readEach(usage, tree.containers))];
    assert.equal(samples.length, 10_000);
    for (const [id, sample] of samples) assert.equal(sample?.cpu?.totalNanos, (Number(id) % 100) * 1000);
  }
  usage.close();
});

test('a tree that is removed whole, then a round: nothing, and no descriptor is left', async () => {
  const tree = KernelTree.recorded('cgroup_v2');
  const usage = tree.usage({ maxDescriptors: 0 });
  await readEach(usage, tree.containers);
  rmSync(tree.folder, { recursive: true });
  const samples = await readEach(usage, tree.containers);
  assert.deepEqual(
    [...samples.values()],
    Array.from(samples, () => undefined),
  );
  assert.deepEqual(openBelow(tree.folder), []);
});

for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
  test(`${capture}: parts that no file has changed are the same objects, and others are new`, async () => {
    using tree = KernelTree.recorded(capture, [name]);
    const usage = tree.usage();
    const container = tree.container(name);
    const read = async (): Promise<Sample> => (await readOne(usage, container)) ?? assert.fail();
    const [first, same] = [await read(), await read()];
    for (const part of ['memory', 'networks', 'pids', 'pressure'] as const)
      assert.equal(same[part], first[part], part);
    const peak = capture === 'cgroup_v1' ? 'memory/memory.max_usage_in_bytes' : 'memory.peak';
    tree.set(name, peak, '123456789\n');
    const changed = await read();
    assert.equal(changed.memory?.maxUsage, 123_456_789);
    assert.notEqual(first.memory, changed.memory);
    assert.equal(changed.memory.stats, first.memory?.stats);
    assert.deepEqual(await firstSample(tree, name), changed);
    usage.close();
  });
}
