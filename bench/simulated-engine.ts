import { parseArgs } from 'node:util';
import { startSimulatedEngine } from '../src/simulator/start.ts';

/** A simulated engine as a process of its own: sends its parent the socket, and request counts on demand. */
const { values } = parseArgs({ options: { containers: { type: 'string', default: '1000' } } });
const runtime = await startSimulatedEngine({ containers: Number(values.containers) });

process.on('message', () => process.send?.({ requests: runtime.requests }));
process.once('disconnect', () => void runtime.close());
process.send?.({ socket: runtime.socket });
