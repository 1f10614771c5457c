import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  filesystemOf,
  Filesystems,
  hostFilesystems,
  mountPoints,
} from '../../../../src/sources/kernel/mounts.ts';
import { FakeClock } from '../../../support/fakes/fake-clock.ts';
import { KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';

/** A directory with the trees of a host in it. */
class HostRoot implements Disposable {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidegauge-root-')));
  readonly proc = join(this.folder, 'proc');

  constructor(...directories: string[]) {
    for (const each of directories) mkdirSync(join(this.folder, each), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

test('mounts: what the kernel writes of each, spaces and all; other lines are left out', () => {
  const info = [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard',
    '30 22 0:26 / /a\\040b rw - tmpfs tmp\\040fs rw',
    'half a line',
    '',
  ].join('\n');
  assert.deepEqual(mountPoints(info), [
    { point: '/', root: '/', type: 'ext4', device: '/dev/vda', numbers: '254:0' },
    { point: '/a b', root: '/', type: 'tmpfs', device: 'tmp fs', numbers: '0:26' },
  ]);
});

test('the file system beside the host’s /proc: sizes by statfs, the device of the last mount above it', async () => {
  using root = new HostRoot('var/lib/docker');
  const directory = join(root.folder, 'var/lib/docker');
  const mounts = [
    ['/', '/dev/root'],
    [root.folder, '/dev/sda1'],
    [`${root.folder}/va`, 'another'],
    [root.folder, '/dev/sdb1'],
    [`${directory}/overlay2`, 'below'],
  ].map(([point = '', device = '']) => ({
    point,
    root: '/',
    type: 'ext4',
    device,
    numbers: '8:1',
  }));
  const found = await filesystemOf('/var/lib/docker', root.proc, mounts);
  const { bsize, blocks, files } = statfsSync(directory);
  assert.equal(found?.device, '/dev/sdb1');
  assert.equal(found.capacityBytes, blocks * bsize);
  assert.ok(found.availableBytes <= found.capacityBytes);
  assert.equal(found.inodes, files > 0 ? files : undefined);
  assert.ok((found.freeInodes ?? 0) <= (found.inodes ?? 0));
});

test('a directory that is not there, or on no mount, has no file system', async () => {
  using root = new HostRoot('data');
  assert.equal(await filesystemOf('/no/such/directory', root.proc), undefined);
  assert.equal(await filesystemOf('/data', root.proc, []), undefined);
});

test('a file system of the host that is closed to us hides no other', async () => {
  using root = new HostRoot('proc/1', 'data');
  symlinkSync('loop', join(root.folder, 'loop'));
  const { dev } = statSync(join(root.folder, 'data'));
  const numbers = `${(dev >> 8) & 0xfff}:${(dev & 0xff) + Math.floor(dev / 0x100000) * 0x100}`;
  const info = ['/loop', '/data'].map(
    (point, index) => `3${index} 1 ${numbers} / ${point} rw - ext4 /dev/sd${index} rw`,
  );
  writeFileSync(join(root.proc, '1/mountinfo'), `${info.join('\n')}\n`);
  const devices = (await hostFilesystems(root.proc)).map(({ filesystem }) => filesystem?.device);
  assert.deepEqual(devices, ['/dev/sd1']);
});

test('a file system that does not respond is given up, and read no second time while it hangs', async () => {
  const clock = new FakeClock();
  let reads = 0;
  let respond: (found: string) => void = () => undefined;
  const read = (): Promise<string> => {
    reads += 1;
    return new Promise((resolve) => (respond = resolve));
  };
  const filesystems = new Filesystems<string>(clock.sleep.bind(clock));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const refused = assert.rejects(filesystems.read('/data', read), { code: 'timeout', message: /\/data/ });
    await clock.advance(5000);
    await refused;
  }
  assert.equal(reads, 1);
  const late = filesystems.read('/data', read);
  respond('found');
  assert.equal(await late, 'found');
  void filesystems.read('/data', read);
  assert.equal(reads, 2);
});

test('the file system is shown only where a container’s files prove that the runtime is on this host', async () => {
  using tree = KernelTree.recorded('cgroup_v2', ['idle']);
  tree.write('var/lib/docker/x', '');
  const usage = tree.usage();
  assert.equal(await usage.filesystem('/var/lib/docker'), undefined);
  await readOne(usage, tree.container('idle'));
  assert.ok(await usage.filesystem('/var/lib/docker'));
  usage.retain(() => false);
  assert.ok(await usage.filesystem('/var/lib/docker'));
  usage.close();
});
