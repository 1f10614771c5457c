import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../../src/model/sample.ts';
import { firstSample, KernelTree, readOne } from '../../../support/fakes/kernel-tree.ts';

const name = 'io_writer';

test('networks: lines that are none of an interface', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const usage = tree.usage();
  const networksOf = async (netDev: string): Promise<Sample['networks']> => {
    tree.write(`proc/${tree.container(name).pid}/net/dev`, netDev);
    return (await readOne(usage, tree.container(name)))?.networks;
  };
  const headings = 'Inter-| Receive\n face |bytes\n';
  assert.equal(await networksOf(''), undefined);
  assert.equal(await networksOf(headings), undefined);
  assert.equal(await networksOf(`${headings}  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n`), undefined);
  assert.equal(await networksOf(`${headings}  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16`), undefined);
  const [close, far] =
    (await networksOf(
      `${headings}  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\neth-long.1: 18446744073709551615 ${'1 '.repeat(15)}\n`,
    )) ?? [];
  assert.deepEqual(close, {
    name: 'eth0',
    receivedBytes: 1,
    receivedPackets: 2,
    receivedErrors: 3,
    receivedDropped: 4,
    transmittedBytes: 9,
    transmittedPackets: 10,
    transmittedErrors: 11,
    transmittedDropped: 12,
  });
  assert.deepEqual([far?.name, far?.receivedBytes, far?.receivedPackets], ['eth-long.1', undefined, 1]);
  usage.close();
});

test('networks: not those of inner containers, nor tunnels that nobody uses', async () => {
  using tree = KernelTree.recorded('cgroup_v2', [name]);
  const namesOf = async (interfaces: readonly string[], count = 0): Promise<unknown> => {
    const lines = interfaces.map((each) => `${each}: ${`${count} `.repeat(16)}\n`).join('');
    tree.write(`proc/${tree.container(name).pid}/net/dev`, `Inter-|\n face |\n${lines}`);
    return (await firstSample(tree, name)).networks?.map((each) => each.name);
  };
  const inner = ['lo', 'veth12ab', 'docker0', 'docker_gwbridge', 'nerdctl0', 'br-0123456789ab'];
  const tunnels = [
    'tunl0',
    'sit0',
    'ip6tnl0',
    'gre0',
    'gretap0',
    'erspan0',
    'ip_vti0',
    'ip6_vti0',
    'ip6gre0',
  ];
  assert.deepEqual(await namesOf([...inner, 'eth0', ...tunnels, 'br0', 'lo1', 'tunl1']), [
    'eth0',
    'br0',
    'lo1',
    'tunl1',
  ]);
  assert.deepEqual(await namesOf(tunnels, 1), tunnels);
  assert.deepEqual((await firstSample(tree, name)).unknown, undefined);
  assert.equal(await namesOf([...inner, ...tunnels]), undefined);
});
