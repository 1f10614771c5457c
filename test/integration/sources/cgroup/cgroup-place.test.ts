import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CgroupPlaces } from '../../../../src/sources/cgroup/cgroup-place.ts';
import { parseCgroupPaths } from '../../../../src/sources/cgroup/cgroup-paths.ts';
import type { CgroupPlace, NoPlace, ReadingProcess } from '../../../../src/sources/cgroup/cgroup-place.ts';
import { findHierarchies } from '../../../../src/sources/cgroup/hierarchies.ts';
import { CgroupDirectories } from '../../../support/fakes/cgroup-directories.ts';

const id = 'a'.repeat(64);
const inner = 'b'.repeat(64);
const readerPid = 77;

interface Given {
  /** Content of the reader's own `/proc/self/cgroup`. */
  readonly reader?: string;
  /** Path of the cgroup that is mounted at the root. */
  readonly mounted?: string;
  readonly more?: Partial<ReadingProcess>;
}

function placesIn(
  directories: CgroupDirectories,
  { reader = '0::/\n', mounted = '/', more = {} }: Given = {},
): CgroupPlaces {
  const mountInfo = `1 2 0:3 ${mounted} ${directories.root} rw - cgroup2 cgroup2 rw\n`;
  const hierarchies = findHierarchies(directories.root, mountInfo);
  assert.ok(hierarchies);
  return new CgroupPlaces(hierarchies, { pid: readerPid, paths: parseCgroupPaths(reader), ...more });
}

/** What the container's own path leads to, below the root; the reason where to none. */
function found(directories: CgroupDirectories, place: CgroupPlace | NoPlace): string | undefined {
  return typeof place === 'string' ? place : place.unified?.slice(directories.root.length);
}

function placeOf(paths: readonly string[], path: string, given: Given = {}, of = id): string | undefined {
  using directories = new CgroupDirectories().unified(paths);
  return found(directories, placesIn(directories, given).ofProcess(of, parseCgroupPaths(`0::${path}\n`)));
}

test('the component that names the container, by every runtime’s rules', () => {
  for (const path of [
    `/docker/${id}`,
    `/system.slice/docker-${id}.scope`,
    `/user.slice/user-1000.slice/user@1000.service/app.slice/docker-${id}.scope`,
    `/machine.slice/libpod-${id}.scope`,
    `/libpod_parent/libpod-${id}`,
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${id}.scope`,
    `/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope`,
    `/kubepods/burstable/pod1/${id}`,
    `/größe/${id}`,
  ])
    assert.equal(placeOf([path], path), path);
});

test('processes in cgroups below the container’s: the container’s own', () => {
  const podman = `/machine.slice/libpod-${id}.scope`;
  assert.equal(placeOf([`${podman}/container`], `${podman}/container`), podman);
  assert.equal(placeOf([`/docker/${id}/init.scope`], `/docker/${id}/init.scope`), `/docker/${id}`);
});

test('Docker in Docker: each its own cgroup', () => {
  const nested = `/docker/${id}/docker/${inner}`;
  assert.equal(placeOf([nested], nested, {}, id), `/docker/${id}`);
  assert.equal(placeOf([nested], nested, {}, inner), nested);
});

test('another container, or none, is not named', () => {
  assert.equal(placeOf([`/docker/${inner}`], `/docker/${inner}`), 'not-named');
  assert.equal(placeOf([`/docker/${inner}`], '/'), 'not-named');
  assert.equal(placeOf([`/docker/${inner}`], `/docker/${inner}`, {}, ''), 'not-named');
});

test('an id within a longer one names nothing', () => {
  for (const longer of [`${id}0`, `f${id}`]) {
    assert.equal(placeOf([`/docker/${longer}`], `/docker/${longer}`), 'not-named');
    assert.equal(placeOf([`/docker-${longer}.scope`], `/docker-${longer}.scope`), 'not-named');
  }
});

test('a path that the tree does not hold, a removed one, and one that is a file', () => {
  assert.equal(placeOf([], `/docker/${id}`), 'not-mounted');
  assert.equal(placeOf([`/docker/${id}`], `/docker/${id} (deleted)`), 'not-mounted');
  using directories = new CgroupDirectories().unified([]);
  directories.write(`docker/${id}`, '');
  directories.write('file', '');
  const places = placesIn(directories);
  for (const path of [`/docker/${id}`, `/file/${id}`, `/\0/${id}`, `/${'long'.repeat(100)}/${id}`])
    assert.equal(places.ofProcess(id, parseCgroupPaths(`0::${path}\n`)), 'not-mounted', path);
});

test('a mount that shows a part of the tree', () => {
  const mounted = '/docker/OUTER';
  assert.equal(placeOf([`/docker/${id}`], `${mounted}/docker/${id}`, { mounted }), `/docker/${id}`);
  assert.equal(placeOf([`/docker/${id}`], `/docker/${id}`, { mounted }), 'not-mounted');
  assert.equal(placeOf([`ER/${id}`], `/docker/OUTERER/${id}`, { mounted }), 'not-mounted');
  assert.equal(placeOf([], `/docker/${id}`, { mounted: `/docker/${id}` }), '/');
});

test('relative to the reader’s namespace: its own cgroup shows where that begins', () => {
  const whole = [`/docker/${id}`, '/docker/reader', '/a/docker/reader/main', `/a/b/${id}`];
  const inTree = (path: string, at: string, reader: string): string | undefined => {
    using directories = new CgroupDirectories().unified(whole).processes(at, 5, readerPid, 777);
    const places = placesIn(directories, { reader, mounted: '/../..' });
    return found(directories, places.ofProcess(id, parseCgroupPaths(`0::${path}\n`)));
  };
  assert.equal(inTree(`/../${id}`, '/docker/reader', '0::/\n'), `/docker/${id}`);
  assert.equal(inTree(`/../../../docker/${id}`, '/a/docker/reader/main', '0::/main\n'), `/docker/${id}`);
  assert.equal(inTree(`/../../b/${id}`, '/a/docker/reader/main', '0::/main\n'), `/a/b/${id}`);
  // In its root, where nothing is above.
  assert.equal(inTree(`/docker/${id}`, '/', '0::/\n'), `/docker/${id}`);
});

test('a reader that is not in the tree, or not where it should be, does not know its namespace', () => {
  using directories = new CgroupDirectories().unified([`/docker/${id}`]).processes('/docker', 7, 770);
  const paths = parseCgroupPaths(`0::/../${id}\n`);
  assert.equal(placesIn(directories).ofProcess(id, paths), 'unknown-namespace');
  directories.processes('/docker', readerPid);
  assert.equal(
    placesIn(directories, { reader: '0::/elsewhere\n' }).ofProcess(id, paths),
    'unknown-namespace',
  );
});

test('relative to the reader’s namespace: its own mount shows where that begins, whatever processes are there', () => {
  using directories = new CgroupDirectories().unified([
    `/docker/${id}`,
    '/a/docker/reader/main',
    `/a/b/${id}`,
  ]);
  const inTree = (path: string, ownRoot: string): string | undefined => {
    const more = { ownRoot: directories.at(ownRoot) };
    const places = placesIn(directories, { reader: '0::/main\n', mounted: '/../..', more });
    return found(directories, places.ofProcess(id, parseCgroupPaths(`0::${path}\n`)));
  };
  directories.write('a/docker/reader/cgroup.controllers', '');
  directories.write('docker/cgroup.controllers', '');
  assert.equal(inTree(`/../../../docker/${id}`, 'a/docker/reader'), `/docker/${id}`);
  assert.equal(inTree(`/../../b/${id}`, 'a/docker/reader'), `/a/b/${id}`);
  assert.equal(inTree(`/../a/b/${id}`, 'docker'), `/a/b/${id}`);
  assert.equal(inTree(`/docker/${id}`, ''), `/docker/${id}`);
});

test('a namespace that was not found is searched for again after a minute', () => {
  using directories = new CgroupDirectories().unified([`/docker/${id}`, '/docker/reader']);
  let now = 5;
  const places = placesIn(directories, { more: { now: () => now } });
  const paths = parseCgroupPaths(`0::/../${id}\n`);
  assert.equal(places.ofProcess(id, paths), 'unknown-namespace');
  directories.processes('/docker/reader', readerPid);
  now += 59_999;
  assert.equal(places.ofProcess(id, paths), 'unknown-namespace');
  now += 1;
  assert.equal(found(directories, places.ofProcess(id, paths)), `/docker/${id}`);
  directories.processes('/docker/reader', 1);
  now += 3_600_000;
  assert.equal(found(directories, places.ofProcess(id, paths)), `/docker/${id}`);
});

test('a search ends after so many directories', () => {
  using directories = new CgroupDirectories()
    .unified([`/docker/${id}`, '/docker/reader'])
    .processes('/docker/reader', readerPid);
  const search = (maxDirectories: number): string | undefined =>
    found(
      directories,
      placesIn(directories, { more: { maxDirectories } }).ofProcess(id, parseCgroupPaths(`0::/../${id}\n`)),
    );
  assert.equal(search(2), 'unknown-namespace');
  assert.equal(search(4), `/docker/${id}`);
});

test('version 1: the tree of version 2 alone has no usage', () => {
  using directories = new CgroupDirectories()
    .v1('memory', [])
    .v1('freezer', [`/docker/${id}`])
    .unified([`/docker/${id}`], 'unified');
  const places = placesIn(directories);
  for (const content of [
    `2:memory:/docker/${id}\n0::/docker/${id}\n`,
    `0::/docker/${id}\n`,
    `3:freezer:/docker/${id}\n0::/docker/${id}\n`,
  ])
    assert.equal(places.ofProcess(id, parseCgroupPaths(content)), 'not-mounted');
  assert.equal(places.atPath(id, `/docker/${id}`), 'not-mounted');
  assert.equal(places.ofProcess(id, parseCgroupPaths(`2:memory:/\n0::/\n`)), 'not-named');
});

test('version 1: each controller by its own path, and those that are not mounted are left out', () => {
  using directories = new CgroupDirectories()
    .v1('cpu,cpuacct', [`/slice/${id}`])
    .link('cpu', 'cpu,cpuacct')
    .link('cpuacct', 'cpu,cpuacct')
    .v1('memory', [`/docker/${id}`, `/docker/${inner}`])
    .v1('pids', [])
    .unified([`/docker/${id}`], 'unified');
  const procCgroup = [
    `4:cpu,cpuacct:/slice/${id}`,
    `3:memory:/docker/${id}`,
    `2:pids:/docker/${id}`,
    `1:name=systemd:/docker/${id}`,
    `0::/docker/${id}`,
  ].join('\n');
  const place = placesIn(directories).ofProcess(id, parseCgroupPaths(procCgroup));
  assert.ok(typeof place !== 'string');
  assert.deepEqual(
    place.byController,
    new Map([
      ['cpu', directories.at(`cpu,cpuacct/slice/${id}`)],
      ['cpuacct', directories.at(`cpu,cpuacct/slice/${id}`)],
      ['memory', directories.at(`memory/docker/${id}`)],
    ]),
  );
  assert.equal(place.unified, directories.at(`unified/docker/${id}`));
});

test('version 1: a controller in which the process is in another container’s cgroup is left out', () => {
  using directories = new CgroupDirectories()
    .v1('memory', [`/docker/${id}`])
    .v1('pids', [`/docker/${inner}`]);
  const procCgroup = `2:memory:/docker/${id}\n1:pids:/docker/${inner}\n`;
  const place = placesIn(directories).ofProcess(id, parseCgroupPaths(procCgroup));
  assert.ok(typeof place !== 'string');
  assert.deepEqual([...place.byController.keys()], ['memory']);
});

test('by the runtime’s rules: the path has to name the container and be there', () => {
  using directories = new CgroupDirectories().unified([`/docker/${id}/docker/${inner}`]);
  const places = placesIn(directories);
  assert.equal(found(directories, places.atPath(id, `/docker/${id}`)), `/docker/${id}`);
  assert.equal(places.atPath(inner, `/docker/${id}`), 'not-named');
  assert.equal(places.atPath(inner, `/docker/${inner}`), 'not-mounted');
});
