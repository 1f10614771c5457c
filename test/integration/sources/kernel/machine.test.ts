import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { readMachine } from '../../../../src/sources/kernel/host-files.ts';
import { KernelTree } from '../../../support/fakes/kernel-tree.ts';

/** A processor of `/proc/cpuinfo`. */
function processor(number: number, socket: number, core: number): string {
  return `processor\t: ${number}\nmodel name\t: x\nphysical id\t: ${socket}\ncore id\t\t: ${core}\nflags : a\n`;
}

test('processors: cores of several sockets have the same numbers, and threads share a core', () => {
  using tree = new KernelTree('cgroup_v2');
  const cpus = [processor(0, 0, 0), processor(1, 0, 0), processor(2, 0, 1), processor(3, 1, 0)];
  tree.write('proc/cpuinfo', cpus.join('\n'));
  const { logicalCpus, physicalCores, sockets } = readMachine(tree.roots);
  assert.deepEqual({ logicalCpus, physicalCores, sockets }, { logicalCpus: 4, physicalCores: 3, sockets: 2 });
});

test('processors of architectures that name no cores are counted alone', () => {
  using tree = new KernelTree('cgroup_v2');
  tree.write(
    'proc/cpuinfo',
    'processor\t: 0\nBogoMIPS\t: 48\n\nprocessor\t: 1\nBogoMIPS\t: 48\n\nRevision: 1\n',
  );
  const { logicalCpus, physicalCores, sockets } = readMachine(tree.roots);
  assert.deepEqual([logicalCpus, physicalCores, sockets], [2, undefined, undefined]);
});

test('memory, swap, ids and NUMA nodes', () => {
  using tree = new KernelTree('cgroup_v2');
  tree.write('proc/meminfo', 'MemTotal:       2048 kB\nMemFree: 1 kB\nSwapTotal:        1024 kB\n');
  tree.write('etc/machine-id', 'abc\n');
  tree.write('proc/sys/kernel/random/boot_id', 'b-1\n');
  tree.write('proc/device-tree/vm,uuid', 'u-1\0');
  for (const node of ['0', '10', '2']) {
    tree.write(`sys/devices/system/node/node${node}/meminfo`, `Node ${node} MemTotal:  512 kB\n`);
    tree.write(`sys/devices/system/node/node${node}/distance`, '10 20 20\n');
    tree.write(`sys/devices/system/node/node${node}/hugepages/hugepages-2048kB/nr_hugepages`, '7\n');
  }
  tree.write('sys/devices/system/node/node2/hugepages/hugepages-2048kB/nr_hugepages', 'many\n');
  tree.write('sys/devices/system/node/possible', '0-10\n');
  const { machineId, bootId, systemUuid, memoryBytes, swapBytes, nodes } = readMachine(tree.roots);
  assert.deepEqual(
    { machineId, bootId, systemUuid, memoryBytes, swapBytes },
    {
      machineId: 'abc',
      bootId: 'b-1',
      systemUuid: 'u-1',
      memoryBytes: 2048 * 1024,
      swapBytes: 1024 * 1024,
    },
  );
  const of = (id: string, hugePages = new Map([['2048', 7]])) => ({
    id,
    memoryBytes: 512 * 1024,
    hugePages,
    distances: [10, 20, 20],
  });
  assert.deepEqual(nodes, [of('0'), of('2', new Map()), of('10')]);
});

test('nothing that is there, or only nonsense: nothing of it is shown', () => {
  const nowhere = { proc: '/no/such/proc', sys: '/no/such/sys' };
  const { machineId: _ownOrNone, systemUuid: _same, ...rest } = readMachine(nowhere);
  assert.deepEqual(rest, {});
  using tree = new KernelTree('cgroup_v2');
  tree.write('proc/meminfo', 'MemTotal: lots\nSwapTotal: -1 kB\n');
  tree.write('proc/cpuinfo', 'processor\nprocessor:\n\n\n:::');
  tree.write('sys/devices/system/node/node0/distance', 'far\n');
  const { memoryBytes, swapBytes, nodes } = readMachine({
    proc: join(tree.folder, 'proc'),
    sys: join(tree.folder, 'sys'),
  });
  assert.deepEqual([memoryBytes, swapBytes], [undefined, undefined]);
  assert.deepEqual(nodes, [{ id: '0', hugePages: new Map(), distances: [] }]);
});

test('a machine whose firmware has no id has that of its system, as in cAdvisor', () => {
  using tree = new KernelTree('cgroup_v2');
  tree.write('etc/machine-id', 'm-1\n');
  const { machineId, systemUuid } = readMachine(tree.roots);
  assert.deepEqual([machineId, systemUuid], ['m-1', 'm-1']);
});
