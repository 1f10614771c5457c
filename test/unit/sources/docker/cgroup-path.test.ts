import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupPath } from '../../../../src/sources/docker/inspect.ts';
import { captures, recordedText, runningContainers } from '../../../support/wire/recorded-cases.ts';

const id = 'a'.repeat(64);

function path(cgroupParent: string | undefined, cgroupDriver: string, runtimeName = 'docker'): string {
  return cgroupPath({ id, parent: cgroupParent }, { runtimeName, cgroupDriver });
}

test('recorded: the path that the kernel gives for the container’s process', () => {
  for (const capture of captures) {
    const info = JSON.parse(recordedText(`${capture}/engine/info.json`));
    for (const container of runningContainers(capture)) {
      const inspect = JSON.parse(recordedText(`${capture}/${container}/inspect.json`));
      const [line = ''] = recordedText(`${capture}/${container}/proc_cgroup.txt`).split('\n');
      const runtime = { runtimeName: 'docker', cgroupDriver: info.CgroupDriver };
      assert.equal(
        cgroupPath({ id: inspect.Id, parent: undefined }, runtime),
        line.replace(/^[^/]*/, ''),
        `${capture}/${container}`,
      );
    }
  }
});

test('a parent that was named: a path with cgroupfs, nested slices with systemd', () => {
  assert.equal(path('/kubepods/burstable/pod1', 'cgroupfs'), `/kubepods/burstable/pod1/${id}`);
  assert.equal(path('batch', 'cgroupfs'), `/batch/${id}`);
  const slices = '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice';
  assert.equal(path('kubepods-burstable-pod1.slice', 'systemd'), `${slices}/docker-${id}.scope`);
  assert.equal(path('-.slice', 'systemd'), `/docker-${id}.scope`);
  assert.equal(path('/a.slice/b.slice/', 'systemd'), `/a.slice/b.slice/docker-${id}.scope`);
});

test('Podman calls its cgroups libpod', () => {
  assert.equal(path(undefined, 'systemd', 'podman'), `/machine.slice/libpod-${id}.scope`);
  assert.equal(path(undefined, 'cgroupfs', 'podman'), `/libpod_parent/libpod-${id}`);
});
