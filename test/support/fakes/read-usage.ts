import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample } from '../../../src/model/sample.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { KernelTree, readOne, recordedContainer } from './kernel-tree.ts';

/**
 * Reads usage of as many containers as the first argument says, whose CPU time is their number in microseconds, and
 * writes a line of JSON for each: in a process of its own, so that its limits are not a test's.
 */
const [, , count = '0', maxDescriptors = '0'] = process.argv;
const laid = recordedContainer('cgroup_v2', 'io_writer');
using tree = new KernelTree('cgroup_v2');
for (let index = 1; index <= Number(count); index += 1) {
  const id = `${index}`.padStart(64, '0');
  const inspected = { ...laid.inspected, pid: 10_000 + index, identity: { ...laid.inspected.identity, id } };
  const files = { ...laid.files, 'cpu.stat': `usage_usec ${index}\n`, 'memory.current': `${index}\n` };
  tree.add(id, { ...laid, inspected, procCgroup: `0::/docker/${id}\n`, files });
}
const usage = tree.usage({ maxDescriptors: Number(maxDescriptors) });

async function lineOf(id: string): Promise<unknown> {
  try {
    const sample: Sample | undefined = await readOne(usage, tree.container(id));
    return {
      id,
      cpu: sample?.cpu?.totalNanos,
      memory: sample?.memory?.usage,
      hasSample: sample !== undefined,
    };
  } catch (thrown) {
    return { id, code: thrown instanceof SourceError ? thrown.code : String(thrown) };
  }
}

const lines: unknown[] = [];
for (let round = 0; round < 2; round += 1)
  for (const id of tree.containers.keys()) lines.push(await lineOf(id));
usage.close();
const limits = readFileSync(join('/proc/self/limits'), 'utf8');
lines.push({ openFiles: Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]) });
process.stdout.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
