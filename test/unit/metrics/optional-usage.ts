import type { Sample } from '../../../src/model/sample.ts';

/** What is read of a container only where a metric needs it. */
export const optionalUsage = {
  hugePages: [{ pageSize: '2MB', usage: 4_194_304, maxUsage: 8_388_608, failures: 3 }],
  numa: [
    { type: 'anon', scope: 'container', node: '0', pages: 1, bytes: 4096 },
    { type: 'anon', scope: 'hierarchy', node: '0', pages: 2, bytes: 8192 },
    { type: 'file', scope: 'hierarchy', node: '1', pages: 3, bytes: 12288 },
  ],
  process: {
    processes: 5,
    fileDescriptors: 20,
    sockets: 4,
    maxOpenFiles: 1024,
    taskStates: new Map([
      ['S', 6],
      ['D', 1],
    ]),
    ipv4: { tcp: new Map([[1, 2]]) },
    ipv6: { tcp: new Map([[10, 1]]) },
  },
} as const satisfies Partial<Sample>;
