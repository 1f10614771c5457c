import { parseArgs } from 'node:util';
import { startSimulatedEngine } from '../src/simulator/start.ts';
import { CgroupTree } from './kernel/cgroup-tree.ts';

/** A simulated engine as a process of its own: sends its parent the socket, and request counts on demand. */
const { values } = parseArgs({
  options: { containers: { type: 'string', default: '1000' }, cgroups: { type: 'boolean', default: false } },
});
const runtime = await startSimulatedEngine({ containers: Number(values.containers) });
const containers = runtime.names.map((name) => runtime.container(name));
const tree = values.cgroups
  ? new CgroupTree(containers.map(({ id, state: { pid } }) => ({ id, pid })))
  : undefined;

process.on('message', () => process.send?.({ requests: runtime.requests }));
process.once('disconnect', () => {
  tree?.[Symbol.dispose]();
  void runtime.close();
});
process.send?.({ socket: runtime.socket, agentFlags: tree?.agentFlags ?? [] });
