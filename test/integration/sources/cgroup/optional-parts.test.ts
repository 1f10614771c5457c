import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OptionalPart, Sample } from '../../../../src/model/sample.ts';
import { parseNumaStat } from '../../../../src/sources/cgroup/optional-parts.ts';
import { KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';
import type { Capture } from '../../../support/wire/recorded-cases.ts';

async function sampleOf(capture: Capture, ...parts: OptionalPart[]): Promise<Sample> {
  using tree = KernelTree.recorded(capture, ['io_writer']);
  const usage = tree.usage({ parts: new Set(parts) });
  const sample = await readOne(usage, tree.container('io_writer'));
  usage.close();
  assert.ok(sample);
  return sample;
}

test('recorded, cgroup v2: huge pages and pages by node, which are read only on demand', async () => {
  const { hugePages, numa } = await sampleOf('cgroup_v2', 'hugePages', 'numa');
  assert.deepEqual(hugePages, [{ pageSize: '2MB', usage: 0, failures: 0 }]);
  assert.deepEqual(
    numa?.map(({ type, scope, node }) => `${type} ${scope} ${node}`),
    ['anon hierarchy 0', 'file hierarchy 0', 'unevictable hierarchy 0'],
  );
  const without = await sampleOf('cgroup_v2');
  assert.deepEqual([without.hugePages, without.numa, without.pressure], [undefined, undefined, undefined]);
});

test('recorded, cgroup v1: pages of the cgroup and of all below it, and whether they move', async () => {
  const { numa, migratesMemory } = await sampleOf('cgroup_v1', 'numa', 'cpuset');
  const scopes = new Set(numa?.map(({ type, scope }) => `${type} ${scope}`));
  assert.equal(scopes.size, 6);
  assert.equal(migratesMemory, false);
  assert.equal((await sampleOf('cgroup_v1')).migratesMemory, undefined);
});

test('cgroup v1: huge pages by size, with their peak', async () => {
  using tree = KernelTree.recorded('cgroup_v1', ['idle']);
  const { id } = tree.container('idle').identity;
  const procCgroup = `proc/${tree.container('idle').pid}/cgroup`;
  tree.write(procCgroup, `12:hugetlb:/docker/${id}\n11:memory:/docker/${id}\n`);
  tree.write('cgroup/hugetlb/cgroup.procs', '');
  for (const [name, value] of Object.entries({ usage_in_bytes: 4, max_usage_in_bytes: 8, failcnt: 2 }))
    tree.write(`cgroup/hugetlb/docker/${id}/hugetlb.1GB.${name}`, `${value}\n`);
  const usage = tree.usage({ parts: new Set(['hugePages']) });
  const sample = await readOne(usage, tree.container('idle'));
  usage.close();
  assert.deepEqual(sample?.hugePages, [{ pageSize: '1GB', usage: 4, maxUsage: 8, failures: 2 }]);
});

test('pages by node: version 1 counts pages, version 2 bytes; nonsense is left out', () => {
  assert.deepEqual(
    parseNumaStat('total=3 N0=3\nfile=3 N0=1 N1=2\nhierarchical_anon=7 N0=7\nx\n', 1, 65_536),
    [
      { type: 'file', scope: 'container', node: '0', pages: 1, bytes: 65_536 },
      { type: 'file', scope: 'container', node: '1', pages: 2, bytes: 131_072 },
      { type: 'anon', scope: 'hierarchy', node: '0', pages: 7, bytes: 458_752 },
    ],
  );
  assert.deepEqual(parseNumaStat('anon N0=8192 N1=-1 N2\nslab N0=4096\n', 2, 4096), [
    { type: 'anon', scope: 'hierarchy', node: '0', pages: 2, bytes: 8192 },
  ]);
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(1 as const, 2 as const), (content, version) => {
      for (const { pages } of parseNumaStat(content, version)) assert.ok(pages >= 0);
    }),
  );
});
