import { parseArgs } from 'node:util';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';

/** Starts a simulated engine as its own process, prints its URL, and ends on SIGTERM or SIGINT. */
const { values } = parseArgs({
  options: {
    socket: { type: 'string' },
    port: { type: 'string' },
    containers: { type: 'string', default: '0' },
    scenario: { type: 'string', default: 'demo' },
    seed: { type: 'string', default: '1' },
    cgroup: { type: 'string', default: '2' },
    'api-version': { type: 'string' },
    'stats-delay': { type: 'string', default: '0' },
    hostile: { type: 'boolean', default: false },
  },
});

const runtime = await startSimulatedEngine({
  seed: values.seed,
  scenario: values.scenario === 'none' ? 'none' : 'demo',
  containers: Number(values.containers),
  cgroup: values.cgroup === '1' ? 1 : 2,
  faults: [{ endpoint: 'stats', fault: { kind: 'delay', millis: Number(values['stats-delay']) } }],
  hostile: values.hostile,
  ...(values.socket !== undefined && { socket: values.socket }),
  ...(values.port !== undefined && { port: Number(values.port) }),
  ...(values['api-version'] !== undefined && { apiVersion: values['api-version'] }),
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void runtime.close());
process.stdout.write(`${runtime.tcpUrl ?? runtime.url}\n`);
