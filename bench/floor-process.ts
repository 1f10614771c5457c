import { FloorFiles } from './kernel/floor-files.ts';
import { inspectRunning } from './kernel/real-containers.ts';

/** The floor as a process of its own: reads once for each message, and answers when it has. */
const [, , socket = ''] = process.argv;
const containers = await inspectRunning(socket);
const files = new FloorFiles(containers.map(({ pid = 0 }) => pid));
files.read();

process.on('message', () => {
  files.read();
  process.send?.('read');
});
process.once('disconnect', () => process.exit());
process.send?.({ filesPerContainer: files.filesPerContainer });
