import { systemClock } from '../src/clock.ts';
import { findHierarchies } from '../src/sources/cgroup/hierarchies.ts';
import { CgroupUsage } from '../src/sources/cgroup/cgroup-usage.ts';
import { FloorFiles } from './kernel/floor-files.ts';
import { inspectRunning } from './kernel/real-containers.ts';

/** Rounds that only warm up: both are measured as compiled code. */
const warmUpRounds = 20;
const rounds = 60;
const maxDescriptors = 8192;

/** Reading alone, by the agent's own usage source and by the floor, in turns in one process; prints a line of JSON. */
const [, , socket = ''] = process.argv;
const containers = await inspectRunning(socket);
const hierarchies = findHierarchies('/sys/fs/cgroup');
if (!hierarchies) throw new Error('there are no cgroup trees at /sys/fs/cgroup');
const roots = { cgroup: '/sys/fs/cgroup', proc: '/proc', sys: '/sys' };
const usage = new CgroupUsage({ roots, hierarchies, clock: systemClock, maxDescriptors });
using floor = new FloorFiles(containers.map(({ pid = 0 }) => pid));

async function readUsage(): Promise<void> {
  const round = usage.round(AbortSignal.timeout(60_000));
  const samples = await Promise.all(containers.map((container) => round.read(container)));
  round.close();
  const missing = samples.filter((sample) => !sample?.cpu || !sample.memory || !sample.pids).length;
  if (missing > 0) throw new Error(`${missing} of ${containers.length} containers were not read`);
}

async function cpuSeconds(work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

let [ours, atFloor, reopening] = [0, 0, 0];
for (let round = -warmUpRounds; round < rounds; round += 1) {
  const each = [
    await cpuSeconds(readUsage),
    await cpuSeconds(() => floor.read()),
    await cpuSeconds(() => floor.readReopening()),
  ] as const;
  if (round < 0) continue;
  ours += each[0] / rounds;
  atFloor += each[1] / rounds;
  reopening += each[2] / rounds;
}
usage.close();
const { filesPerContainer } = floor;
const values = { ours, floor: atFloor, floorReopening: reopening, filesPerContainer, rounds };
process.stdout.write(`${JSON.stringify(values)}\n`);
