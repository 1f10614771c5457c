import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { waitUntil } from './daemon.ts';

const run = promisify(execFile);
const ownerFile = 'owner';

/** Engines live in directories with this beginning, which is how those of a crashed test are found. */
export const engineDirectoryPrefix = join(tmpdir(), 'tidegauge-engine-');

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly args: readonly string[];
}

/** Notes that this process uses the directory, so that no other test takes it for a leftover. */
export async function claimDirectory(directory: string): Promise<void> {
  await writeFile(join(directory, ownerFile), await identity(process.pid));
}

/** Removes the engines of test processes that no longer live; several tests may do that at once. */
export async function removeLeftovers(): Promise<void> {
  const prefix = basename(engineDirectoryPrefix);
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  for (const directory of names.map((name) => join(tmpdir(), name))) {
    const file = join(directory, ownerFile);
    // Empty or absent: somebody is about to write it.
    const owner = await readFile(file, 'utf8').catch(() => '');
    if (owner === '' || owner === (await identity(Number(owner.split(' ')[0])))) continue;
    // Renaming succeeds for one of several tests that see the same leftover.
    const claimed = await rename(file, `${file}.dead`).then(
      () => true,
      () => false,
    );
    if (!claimed) continue;
    await claimDirectory(directory);
    await removeEngineDirectory(directory);
  }
}

/** Ends what is left of the engine in this directory, unmounts, and removes its bridge, its cgroups and the directory. */
export async function removeEngineDirectory(directory: string): Promise<void> {
  await endProcesses(directory);
  await unmountBelow(directory);
  await removeCgroups(directory);
  // Only engines started with `bridge` have one.
  await run('ip', ['link', 'delete', bridgeName(directory)]).catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
}

/** The name of the bridge of the engine in this directory (15 characters are the kernel's limit). */
export function bridgeName(directory: string): string {
  return `tg${createHash('sha256').update(directory).digest('hex').slice(0, 8)}`;
}

// The engine, its containerd, the shims or Podman's monitors, and everything below those: the containers. Other programs that merely name
// the directory, such as an agent that watches this engine, are not ours to end.
async function endProcesses(directory: string): Promise<void> {
  const processes = await listProcesses();
  const roots = processes.filter(({ args: [program = '', ...args] }) => {
    const isEngine = /^(dockerd|containerd|podman|conmon)(-|$)/.test(basename(program));
    return isEngine && args.some((arg) => arg.includes(`${directory}/`));
  });
  const doomed = new Set(roots.map(({ pid }) => pid));
  for (const pid of doomed) {
    // A set may grow while it is walked, and the walk comes to the new ones.
    for (const child of processes) if (child.parent === pid) doomed.add(child.pid);
  }
  for (const pid of doomed) kill(pid);
  await waitUntil(`the processes of ${directory} to end`, async () => {
    const alive = await Promise.all([...doomed].map((pid) => readStat(pid)));
    return alive.every((stat) => stat === undefined) ? true : undefined;
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function listProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(
    pids.map(async (pid) => {
      const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
      const stat = await readStat(pid);
      return args === undefined || stat === undefined
        ? []
        : [{ pid, parent: stat.parent, args: args.split('\0') }];
    }),
  );
  return all.flat();
}

// The start time makes a pid unique: another process may have got the number of a dead one.
async function identity(pid: number): Promise<string> {
  const stat = await readStat(pid);
  return stat === undefined ? 'nobody' : `${pid} ${stat.startTicks}`;
}

// Undefined when there is no such process, or only its entry waits for the parent (zombie).
async function readStat(pid: number): Promise<{ parent: number; startTicks: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The program's name comes first, in brackets, and may hold anything.
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTicks = rest[17];
  if (parent === undefined || startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  return { parent: Number(parent), startTicks };
}

async function unmountBelow(directory: string): Promise<void> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const points = lines
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${directory}/`));
  // The innermost was mounted last.
  for (const point of points.toReversed()) await run('umount', ['--lazy', point]);
}

// A runtime that was killed leaves the empty cgroups of its containers behind.
async function removeCgroups(directory: string): Promise<void> {
  const containers = await readdir(join(directory, 'data/containers')).catch(() => []);
  const root = '/sys/fs/cgroup';
  const hierarchies = [root, ...(await readdir(root)).map((name) => join(root, name))];
  for (const container of containers) {
    for (const hierarchy of hierarchies)
      await rmdir(join(hierarchy, 'docker', container)).catch(() => undefined);
  }
}
