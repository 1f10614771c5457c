import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostCgroup } from '../../../src/model/host.ts';
import { HostHistory } from '../../../src/tracker/container/counter-history.ts';

const runtime = { name: 'unix:///x.sock', warnings: [] };

function cgroup(path: string, takenAt: number, totalNanos: number): HostCgroup {
  return { path, limits: {}, createdAt: 1000, sample: { takenAt, windows: false, cpu: { totalNanos } } };
}

/** A cgroup as it is shown. */
function shownAt(history: HostHistory, path: string) {
  const found = history.shown(runtime).cgroups?.find((each) => each.path === path);
  assert.ok(found, path);
  return { owner: found.owner, stateAt: found.stateAt, startedAt: found.starts.of('cpu', 'total') };
}

test('counters begin with the cgroup, and anew when they fall; the owner stays', () => {
  const history = new HostHistory();
  history.accept({ cgroups: [cgroup('/', 5000, 50), cgroup('/a.slice', 5000, 9)] });
  const [root, slice] = [shownAt(history, '/'), shownAt(history, '/a.slice')];
  assert.deepEqual([root.startedAt, root.stateAt], [1000, 5000]);
  history.accept({ cgroups: [cgroup('/', 6000, 60), cgroup('/a.slice', 6000, 3)] });
  assert.deepEqual(shownAt(history, '/'), { ...root, stateAt: 6000 });
  const { owner, startedAt } = shownAt(history, '/a.slice');
  assert.equal(owner, slice.owner);
  assert.ok(startedAt > 1000 && startedAt <= 6000, `${startedAt}`);
});

test('what is not read any more is gone, and the file systems are the root’s', () => {
  const history = new HostHistory();
  history.accept({ machine: { logicalCpus: 2 }, cgroups: [cgroup('/', 1, 1), cgroup('/a', 1, 1)] });
  const filesystems = [{ usageBytes: 1 }];
  const { cgroups, machine } = history.shown(runtime, filesystems);
  assert.deepEqual(
    cgroups?.map((each) => each.filesystems),
    [filesystems, undefined],
  );
  assert.equal(machine?.logicalCpus, 2);
  history.accept({ cgroups: [cgroup('/', 2, 2)] });
  assert.deepEqual(
    history.shown(runtime).cgroups?.map(({ path }) => path),
    ['/'],
  );
  history.accept(undefined);
  assert.deepEqual(history.shown(runtime), {});
});
