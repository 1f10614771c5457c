import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  directoryNumbers,
  findHierarchies,
  namespaceRoot,
} from '../../../../src/sources/cgroup/hierarchies.ts';
import { CgroupDirectories } from '../../../support/fakes/cgroup-directories.ts';

test('no tree: a root that is missing, empty, or a file', () => {
  using directories = new CgroupDirectories();
  assert.equal(findHierarchies(directories.root, ''), undefined);
  assert.equal(findHierarchies(directories.at('missing'), ''), undefined);
  directories.write('file', '');
  assert.equal(findHierarchies(directories.at('file'), ''), undefined);
});

test('version 2: one tree, whatever is below', () => {
  using directories = new CgroupDirectories().unified(['memory', 'docker']);
  const found = findHierarchies(directories.root, '');
  assert.equal(found?.version, 2);
  assert.deepEqual([found.unified?.directory, found.unified?.mountedPath], [directories.root, '/']);
  assert.equal(found.byController.size, 0);
});

test('version 1, joined and linked: both names lead to one tree', () => {
  using directories = new CgroupDirectories()
    .v1('cpu,cpuacct', [])
    .link('cpu', 'cpu,cpuacct')
    .link('cpuacct', 'cpu,cpuacct')
    .v1('memory', []);
  const found = findHierarchies(directories.root, '');
  assert.equal(found?.version, 1);
  assert.equal(found.unified, undefined);
  const joined = directories.at('cpu,cpuacct');
  const directoryOf = (controller: string) => found.byController.get(controller)?.directory;
  assert.deepEqual(['cpu', 'cpuacct', 'memory'].map(directoryOf), [joined, joined, directories.at('memory')]);
  assert.equal(found.byController.size, 3);
});

test('hybrid: version 1 has the controllers, and version 2 is there besides', () => {
  using directories = new CgroupDirectories().v1('memory', []).v1('systemd', []).unified([], 'unified');
  const found = findHierarchies(directories.root, '');
  assert.equal(found?.version, 1);
  assert.equal(found.unified?.directory, directories.at('unified'));
});

test('hybrid, with every controller in version 2: trees of version 1 that have none do not matter', () => {
  using directories = new CgroupDirectories().v1('systemd', []).v1('freezer', []).unified([], 'unified');
  assert.equal(findHierarchies(directories.root, '')?.version, 2);
  using alone = new CgroupDirectories().v1('systemd', []);
  assert.equal(findHierarchies(alone.root, ''), undefined);
});

test('mountinfo: the path that is mounted, with the kernel’s escapes; other filesystems do not matter', () => {
  using directories = new CgroupDirectories().unified([], 'a tree').unified([], 'other');
  const point = directories.at('a\\040tree');
  const mountInfo = [
    `31 23 0:28 / ${directories.at('other')} rw - tmpfs tmpfs rw`,
    `41 31 0:38 /docker/a\\040b\\134c ${point} rw,relatime shared:7 master:2 - cgroup2 cgroup2 rw`,
    'nonsense',
    '',
  ].join('\n');
  assert.equal(findHierarchies(directories.at('a tree'), mountInfo)?.unified?.mountedPath, '/docker/a b\\c');
  assert.equal(findHierarchies(directories.at('other'), mountInfo)?.unified?.mountedPath, '/');
});

test('mountinfo: of two mounts at one place the later is seen', () => {
  using directories = new CgroupDirectories().unified([]);
  const mount = (path: string): string => `1 2 0:3 ${path} ${directories.root} rw - cgroup2 cgroup2 rw\n`;
  assert.equal(findHierarchies(directories.root, mount('/below') + mount('/'))?.unified?.mountedPath, '/');
});

test('version 1: each tree has its own mounted path', () => {
  using directories = new CgroupDirectories().v1('memory', []).v1('pids', []);
  const mountInfo = `1 2 0:3 /docker/OUTER ${directories.at('memory')} rw - cgroup cgroup rw,memory`;
  const found = findHierarchies(directories.root, mountInfo);
  assert.equal(found?.byController.get('memory')?.mountedPath, '/docker/OUTER');
  assert.equal(found.byController.get('pids')?.mountedPath, '/');
});

test('the root of the reader’s namespace: that of its own mount of the same tree, made in that namespace', () => {
  using directories = new CgroupDirectories().unified(['docker/reader']).unified([], 'elsewhere');
  const tree = findHierarchies(directories.root, '')?.unified;
  assert.ok(tree);
  const own = directories.at('docker/reader');
  const numbers = directoryNumbers(own);
  assert.ok(numbers);
  const { links: _links, ...root } = numbers;
  const mount = (path: string): string => `1 2 0:3 ${path} ${own} rw - cgroup2 cgroup2 rw\n`;
  const found = (mountInfo: string, at = own): unknown => {
    const { inode, device } = namespaceRoot(tree, at, mountInfo) ?? {};
    return inode === undefined ? undefined : { inode, device };
  };
  assert.deepEqual(found(''), root);
  assert.deepEqual(found(mount('/')), root);
  assert.equal(found(mount('/../..')), undefined);
  assert.equal(found('', directories.at('missing')), undefined);
  // Another tree is on another device, as /proc is.
  assert.equal(found('', '/proc'), undefined);
});

test('the root of the reader’s namespace, version 1: of each tree by its controllers', () => {
  using directories = new CgroupDirectories()
    .v1('host/cpu,cpuacct', ['docker/reader'])
    .v1('own/cpu,cpuacct', [])
    .v1('own/memory', [])
    .link('own/cpu', 'cpu,cpuacct')
    .unified([], 'own/unified');
  const trees = findHierarchies(directories.at('host'), '')?.byController;
  const tree = trees?.get('cpuacct');
  assert.ok(tree);
  const { inode } = namespaceRoot(tree, directories.at('own'), '') ?? {};
  assert.equal(inode, directoryNumbers(directories.at('own/cpu,cpuacct'))?.inode);
  assert.equal(namespaceRoot({ ...tree, controllers: ['pids'] }, directories.at('own'), ''), undefined);
});
