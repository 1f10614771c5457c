import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of a runtime, by what they are. */
export interface RuntimeProcesses {
  readonly daemon: readonly number[];
  readonly containerd: readonly number[];
  readonly shims: readonly number[];
}

/** CPU seconds since the processes began. */
export interface RuntimeCpu {
  readonly daemon: number;
  readonly containerd: number;
  readonly shims: number;
}

/**
 * CPU seconds of a process: the sum over its living threads, exact to nanoseconds. The ticks of 10 ms in
 * `/proc/PID/stat` would add up to seconds of error over hundreds of shims.
 */
export function cpuSeconds(pid: number): number {
  const tasks = orElse([], () => readdirSync(`/proc/${pid}/task`));
  const nanos = tasks.map((task) => {
    const text = orElse('0', () => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1'));
    return Number(text.split(' ')[0]);
  });
  return sum(nanos) / 1e9;
}

/** CPU seconds of a runtime so far. */
export function runtimeCpu({ daemon, containerd, shims }: RuntimeProcesses): RuntimeCpu {
  const all = (pids: readonly number[]): number => sum(pids.map(cpuSeconds));
  return { daemon: all(daemon), containerd: all(containerd), shims: all(shims) };
}

/** CPU seconds that all processors have spent on anything. */
export function machineCpu(): number {
  const line = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / 100;
}

/** Resident memory in MiB; 0 for a process that has ended. */
export function residentMebibytes(pid: number): number {
  const status = orElse('', () => readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

/** The processes of the runtime in a directory, which all of them name on their command line. */
export function processesOf(directory: string): RuntimeProcesses {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const programs = pids.flatMap((pid) => {
    const [program = '', ...args] = orElse('', () => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).split(
      '\0',
    );
    const name = program.split('/').at(-1) ?? '';
    return args.some((arg) => arg.includes(`${directory}/`)) ? [{ pid: Number(pid), name }] : [];
  });
  const named = (pattern: RegExp): number[] =>
    programs.filter(({ name }) => pattern.test(name)).map(({ pid }) => pid);
  return {
    daemon: named(/^dockerd/),
    containerd: named(/^containerd$/),
    shims: named(/^containerd-shim/),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The fallback when a read fails: processes and threads end while they are read. */
function orElse<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}
