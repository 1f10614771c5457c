import type { RealEngine } from './real-engine.ts';
import type { RecordedAnswer } from '../fakes/recording-proxy.ts';

/** Columns of `docker stats` by container name. */
export type DockerStats = Readonly<Record<string, { readonly memory: string; readonly pids: number }>>;

/** Runs `docker stats --no-stream`, which takes about two seconds. */
export async function dockerStats(runtime: RealEngine): Promise<DockerStats> {
  const printed = await runtime.docker('stats', '--no-stream', '--format={{json .}}');
  const rows = printed.split('\n').map((line): PrintedRow => JSON.parse(line));
  return Object.fromEntries(
    rows.map(({ Name, MemUsage, PIDs }) => [
      Name,
      { memory: MemUsage.split(' / ')[0] ?? '', pids: Number(PIDs) },
    ]),
  );
}

interface PrintedRow {
  readonly Name: string;
  readonly MemUsage: string;
  readonly PIDs: string;
}

/** As the docker command writes bytes: docker/go-units `BytesSize`, which is `%.4g` of a power of 1024. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(4))}${units[power]}`;
}

/** The docker command's percentage over the last two responses: docker/cli `calculateCPUPercentUnix`. */
export function cpuPercent(answers: readonly RecordedAnswer[]): number {
  const [before, after] = answers.slice(-2);
  if (!before || !after) throw new Error('there are no two answers yet');
  const cpu = after.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage;
  const counted = after.cpu_stats.system_cpu_usage - before.cpu_stats.system_cpu_usage;
  // The engine leaves out what the hypervisor took (moby getSystemCPUUsage adds up seven columns), so that on a
  // crowded host the command shows 23 % for a container that is held to 20 % of a CPU. A clock does not leave it out.
  const system = counted + after.stolenNanos - before.stolenNanos;
  return system > 0 && cpu > 0 ? (cpu / system) * after.cpu_stats.online_cpus * 100 : 0;
}

/** The docker command's memory of a response: docker/cli `calculateMemUsageUnixNoCache`. */
export function memoryUsed({ memory_stats: { usage, stats } }: RecordedAnswer): number {
  const total = stats['total_inactive_file'];
  if (total !== undefined && total < usage) return usage - total;
  const own = stats['inactive_file'] ?? 0;
  return own < usage ? usage - own : usage;
}
