import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { optionalParts } from '../../../../src/model/sample.ts';
import { readProcesses, tcpStates, udpSockets } from '../../../../src/sources/kernel/processes.ts';
import { KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';

const all = new Set(optionalParts);

/** A process with descriptors by what they lead to, and one task. */
function addProcess(
  tree: KernelTree,
  pid: number,
  links: readonly string[],
  stat = `${pid} (a) S 1 1`,
): void {
  const directory = join(tree.folder, `proc/${pid}/fd`);
  mkdirSync(directory, { recursive: true });
  for (const [fd, link] of links.entries()) symlinkSync(link, join(directory, `${fd}`));
  tree.write(`proc/${pid}/task/${pid}/stat`, `${stat}\n`);
}

function placeIn(tree: KernelTree) {
  return { procRoot: tree.roots.proc, cgroup: join(tree.folder, 'cgroup/x') };
}

test('processes of a cgroup and of those below it, their descriptors, sockets and the states of their tasks', () => {
  using tree = new KernelTree('cgroup_v2');
  tree.write('cgroup/x/cgroup.procs', '11\n12\n');
  tree.write('cgroup/x/below/cgroup.procs', '13\n');
  addProcess(tree, 11, ['/dev/null', 'socket:[1]']);
  addProcess(tree, 12, ['socket:[2]'], '12 (a) R) (b) D 1');
  addProcess(tree, 13, ['pipe:[3]'], '13 (x) R 1');
  assert.deepEqual(readProcesses(placeIn(tree), all), {
    processes: 3,
    fileDescriptors: 4,
    sockets: 2,
    taskStates: new Map([
      ['S', 1],
      ['D', 1],
      ['R', 1],
    ]),
  });
});

test('a process that has ended meanwhile has nothing; without the cgroup nothing is known', () => {
  using tree = new KernelTree('cgroup_v2');
  tree.write('cgroup/x/cgroup.procs', '11\n99\n');
  addProcess(tree, 11, ['/dev/null']);
  assert.equal(readProcesses(placeIn(tree), all).fileDescriptors, 1);
  assert.deepEqual(readProcesses({ ...placeIn(tree), cgroup: '/no/such' }, all), {});
});

test('processes of another pid namespace can be counted alone: whose files they are is not known', () => {
  using tree = new KernelTree('cgroup_v2');
  tree.write('cgroup/x/cgroup.procs', '0\n0\n');
  assert.deepEqual(readProcesses(placeIn(tree), all), { processes: 2 });
});

test('sockets by state, of a header and lines; nonsense counts nothing', () => {
  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const line = (state: string) =>
    `   0: 0100007F:1F90 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 1`;
  const states = tcpStates([head, line('0A'), line('01'), line('01'), 'x', ''].join('\n'));
  assert.deepEqual(
    states,
    new Map([
      [10, 1],
      [1, 2],
    ]),
  );
  const udp = '  1: 00000000:0044 00000000:0000 07 00000002:0000000A 00:00000000 00000000 0 0 7 2 ffff 3';
  assert.deepEqual(udpSockets([head, udp, udp, '1: 2', ''].join('\n')), {
    sockets: 2,
    dropped: 6,
    transmitQueueBytes: 4,
    receiveQueueBytes: 20,
  });
  fc.assert(
    fc.property(fc.string(), (content) => {
      for (const count of tcpStates(content).values()) assert.ok(count > 0);
      for (const sum of Object.values(udpSockets(content))) assert.ok(Number.isSafeInteger(sum) && sum >= 0);
    }),
  );
});

test('a sample has what metrics need of its processes, and nothing else is read', async () => {
  using tree = KernelTree.recorded('cgroup_v2', ['idle']);
  const container = tree.container('idle');
  tree.write(
    `proc/${container.pid}/limits`,
    'Limit  Soft Hard Units\nMax open files            1024  4096  files\n',
  );
  const processOf = async (parts: ReadonlySet<(typeof optionalParts)[number]>) => {
    const usage = tree.usage({ parts });
    const sample = await readOne(usage, container);
    usage.close();
    return { process: sample?.process, unread: sample?.unread, pressure: sample?.pressure !== undefined };
  };
  const { process, pressure } = await processOf(new Set(['limits', 'processes', 'pressure']));
  assert.equal(process?.maxOpenFiles, 1024);
  assert.ok((process.processes ?? 0) > 0);
  assert.equal(pressure, true);
  assert.deepEqual(await processOf(new Set()), { process: undefined, unread: ['pressure'], pressure: false });
});
