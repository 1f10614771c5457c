import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import type { Sample } from '../../../../src/model/sample.ts';
import { DeviceNames } from '../../../../src/sources/kernel/device-names.ts';
import { CgroupDirectories } from '../../../support/fakes/cgroup-directories.ts';
import { KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';
import type { Capture } from '../../../support/wire/recorded-cases.ts';

function uevent(device: string): string {
  return `MAJOR=254\nMINOR=0\nDEVNAME=${device}\nDEVTYPE=disk\n`;
}

test('numbers that are given to another device have its name within a minute', () => {
  using directories = new CgroupDirectories();
  let now = 5;
  const names = new DeviceNames(directories.root, () => now);
  directories.write('dev/block/254:0/uevent', uevent('vda'));
  assert.equal(names.of(254, 0), 'vda');
  directories.write('dev/block/254:0/uevent', uevent('vdb'));
  now += 59_999;
  assert.equal(names.of(254, 0), 'vda');
  now += 1;
  assert.equal(names.of(254, 0), 'vdb');
  rmSync(directories.at('dev'), { recursive: true });
  now += 60_000;
  assert.equal(names.of(254, 0), undefined);
});

test('a device without a name is looked up again after ten seconds', () => {
  using directories = new CgroupDirectories();
  let now = 5;
  const names = new DeviceNames(directories.root, () => now);
  assert.equal(names.of(254, 0), undefined);
  directories.write('dev/block/254:0/uevent', uevent('vda'));
  now += 9_999;
  assert.equal(names.of(254, 0), undefined);
  now += 1;
  assert.equal(names.of(254, 0), 'vda');
});

test('two devices of one list never have one name', async () => {
  for (const [capture, file, content] of [
    ['cgroup_v2', 'io.stat', '254:0 rbytes=1\n254:16 rbytes=2\n254:0 wbytes=3\n'],
    [
      'cgroup_v1',
      'blkio/blkio.throttle.io_service_bytes_recursive',
      '254:0 Read 1\n254:16 Read 2\n254:0 Write 3\n',
    ],
  ] as const) {
    using tree = KernelTree.recorded(capture, ['io_writer']);
    tree.set('io_writer', file, content);
    for (const numbers of ['254:0', '254:16']) tree.write(`sys/dev/block/${numbers}/uevent`, uevent('vda'));
    const usage = tree.usage();
    const sample = await readOne(usage, tree.container('io_writer'));
    const listed = sample?.blockIo?.serviceBytes?.map(({ minor, device, value }) => [minor, device, value]);
    assert.deepEqual(listed, [
      [0, 'vda', 1],
      [16, undefined, 2],
      [0, 'vda', 3],
    ]);
    usage.close();
  }
});

test('a device or a line that comes again: the first holds', async () => {
  const v2 = await sampleOf('cgroup_v2', {
    'io.stat': '8:0 rbytes=1 rbytes=2\n8:16 rbytes=3\n8:0 rbytes=4 wbytes=5\n',
  });
  const listed = (sample: Sample | undefined): unknown =>
    sample?.blockIo?.serviceBytes?.map(({ minor, operation, value }) => [minor, operation, value]);
  assert.deepEqual(listed(v2), [
    [0, 'read', 1],
    [16, 'read', 3],
    [0, 'write', 5],
  ]);
  const v1 = await sampleOf('cgroup_v1', {
    'blkio/blkio.throttle.io_service_bytes_recursive': '8:0 Read 1\n8:16 Read 2\n8:0 Read 3\n8:0 Write 4\n',
  });
  assert.deepEqual(listed(v1), [
    [0, 'read', 1],
    [16, 'read', 2],
    [0, 'write', 4],
  ]);
});

async function sampleOf(
  capture: Capture,
  files: Readonly<Record<string, string>>,
): Promise<Sample | undefined> {
  using tree = KernelTree.recorded(capture, ['io_writer']);
  for (const [file, content] of Object.entries(files)) tree.set('io_writer', file, content);
  const usage = tree.usage();
  try {
    return await readOne(usage, tree.container('io_writer'));
  } finally {
    usage.close();
  }
}
