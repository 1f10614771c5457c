import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Sample } from '../../../../src/model/sample.ts';
import type { UsageSource } from '../../../../src/sources/container-source.ts';
import { KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';
import { unprivileged } from '../../../support/fakes/unprivileged.ts';

const name = 'io_writer';

/** The files without which a part is absent. */
const leading = {
  cgroup_v1: ['cpuacct/cpuacct.usage', 'memory/memory.usage_in_bytes', 'pids/pids.current'],
  cgroup_v2: ['cpu.stat', 'memory.current', 'pids.current'],
} as const;

function valuesOf(sample: Sample | undefined): readonly unknown[] {
  return [sample?.cpu?.totalNanos, sample?.memory?.usage, sample?.pids?.current];
}

/** A runtime that gives these parts of a sample. */
function runtimeWith(parts: Partial<Sample>): UsageSource {
  const sample: Sample = { takenAt: 1, readAt: 1, windows: false, ...parts };
  return { kind: 'docker', round: () => ({ read: () => Promise.resolve(sample), close: () => undefined }) };
}

/** A runtime with values that no file has. */
const runtime = runtimeWith({
  cpu: { totalNanos: 11 },
  memory: { usage: 12, stats: { inactive_file: 0, total_inactive_file: 0 } },
  pids: { current: 13 },
});

/** A runtime that has two devices by their numbers, the second of which has no name here. */
const byNumbers = runtimeWith({
  blockIo: {
    serviceBytes: [
      { major: 8, minor: 0, operation: 'read', value: 7 },
      { major: 9, minor: 0, operation: 'read', value: 8 },
    ],
  },
});

for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
  test(`${capture}: files that cannot be opened for a round are no removed cgroup`, async () => {
    using tree = KernelTree.recorded(capture, [name]);
    const usage = tree.usage({ maxDescriptors: 0, fallback: runtime });
    const first = await readOne(usage, tree.container(name));
    for (const file of leading[capture]) {
      tree.move(tree.pathOf(name, file), `kept/${file}`);
      mkdirSync(join(tree.folder, tree.pathOf(name, file)));
    }
    const sample = await readOne(usage, tree.container(name));
    assert.deepEqual(valuesOf(sample), [11, 12, 13]);
    for (const file of leading[capture]) {
      tree.remove(tree.pathOf(name, file));
      tree.move(`kept/${file}`, tree.pathOf(name, file));
    }
    assert.deepEqual(valuesOf(await readOne(usage, tree.container(name))), valuesOf(first));
    assert.equal(usage.report().unreadable.size, 0);
    usage.close();
  });

  test(`${capture}: files that are closed to the reader are no removed cgroup`, async () => {
    using tree = KernelTree.recorded(capture, [name]);
    for (const file of leading[capture]) chmodSync(join(tree.folder, tree.pathOf(name, file)), 0);
    const usage = tree.usage({ fallback: runtime });
    const sample = await unprivileged(tree.folder, () => readOne(usage, tree.container(name)));
    assert.deepEqual(valuesOf(sample), [11, 12, 13]);
    assert.equal(usage.report().unreadable.size, 3);
    usage.close();
  });

  test(`${capture}: without any of the files that every cgroup has, it is removed`, async () => {
    using tree = KernelTree.recorded(capture, [name]);
    const usage = tree.usage({ maxDescriptors: 0, fallback: runtime });
    assert.ok(await readOne(usage, tree.container(name)));
    for (const file of leading[capture]) tree.remove(tree.pathOf(name, file));
    assert.equal(await readOne(usage, tree.container(name)), undefined);
    usage.close();
  });
}

test('version 1, with the tree of block I/O alone: what there is, until it is removed', async () => {
  using tree = KernelTree.recorded('cgroup_v1', [name]);
  for (const controller of ['cpu', 'cpuacct', 'memory', 'pids']) tree.remove(`cgroup/${controller}`);
  const usage = tree.usage({ maxDescriptors: 0 });
  assert.ok((await readOne(usage, tree.container(name)))?.blockIo);
  tree.remove(tree.pathOf(name, 'blkio/.'));
  assert.equal(await readOne(usage, tree.container(name)), undefined);
  usage.close();
});

const blockIo = {
  cgroup_v1: ['io_service_bytes_recursive', 'io_serviced_recursive'].map(
    (file) => `blkio/blkio.throttle.${file}`,
  ),
  cgroup_v2: ['io.stat'],
} as const;

for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
  test(`${capture}: devices keep their names in a round in which the runtime has to give their I/O`, async () => {
    using tree = KernelTree.recorded(capture, [name]);
    const usage = tree.usage({ maxDescriptors: 0, fallback: byNumbers });
    const devicesNow = async (): Promise<readonly unknown[]> => {
      const sample = await readOne(usage, tree.container(name));
      return [...new Set(sample?.blockIo?.serviceBytes?.map(({ device }) => device))];
    };
    tree.write('sys/dev/block/8:0/uevent', 'DEVNAME=sda\n');
    const content = capture === 'cgroup_v1' ? '8:0 Read 5\n' : '8:0 rbytes=5 wbytes=6\n';
    for (const file of blockIo[capture]) tree.set(name, file, content);
    assert.deepEqual(await devicesNow(), ['sda']);
    for (const file of blockIo[capture]) {
      tree.move(tree.pathOf(name, file), `kept/${file}`);
      mkdirSync(join(tree.folder, tree.pathOf(name, file)));
    }
    assert.deepEqual(await devicesNow(), ['sda', undefined]);
    usage.close();
  });
}
