import { absencesOf } from '../metrics/absence.ts';
import type { AbsenceReason } from '../metrics/absence.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { ResponsePair } from './response-pairs.ts';
import { auditedMetrics, metricOf } from './audited-metrics.ts';
import type { AuditedMetric } from './audited-metrics.ts';
import { kernelRange } from './our-readings.ts';
import type { MetricReadings, Range } from './our-readings.ts';

/** One value beside the docker command's. */
export interface Comparison {
  readonly figure: AuditedMetric;
  /** Absent where the runtime does not give it. */
  readonly ours?: number;
  /** Unrounded. */
  readonly command: number;
  /** Of the larger of the two: 0 when they are equal, 1 when one of them is missing. */
  readonly difference: number;
  /** Reason for the absence of ours; absent where ours is there, or should be. */
  readonly absence?: AbsenceReason | 'not-in-response';
  /** By the kernel's files before and after the response; absent where they do not give it. */
  readonly kernel?: Range;
}

/**
 * Every audited metric of a container beside the docker command's value from the same two responses. Undefined
 * when the snapshot was not made of these: the container restarted in between, or the response has no time.
 */
export function compareMetrics(
  snapshot: ContainerSnapshot,
  pair: ResponsePair,
  readings: MetricReadings,
): readonly Comparison[] | undefined {
  if (!isMadeOf(snapshot, pair)) return undefined;
  const command = commandReadings(pair.older, pair.newer, snapshot.runtime);
  return auditedMetrics.map((figure) => {
    const kernel = pair.kernel && kernelRange(readings[figure], snapshot, pair.kernel);
    const comparison = compareMetric(figure, readings[figure](snapshot), {
      command: command[figure],
      snapshot,
    });
    return { ...comparison, ...(kernel && { kernel }) };
  });
}

/** True when the values agree: exact metrics when they are equal, others within the tolerance. */
export function isWithin({ figure, difference }: Comparison, tolerance: number): boolean {
  return difference <= (metricOf(figure).isExact ? 0 : tolerance);
}

/**
 * True where the command's value is what the kernel's files gave, within what passed between the two readings. One that
 * goes up and down may be as far outside as it was seen to move.
 */
export function agreesWithKernel(
  { figure, command, kernel }: Pick<Comparison, 'figure' | 'command' | 'kernel'>,
  tolerance: number,
): boolean {
  if (!kernel) return true;
  const { isExact, isGauge } = metricOf(figure);
  const { min, max } = kernel;
  const slack = (isGauge ? max - min : 0) + (isExact ? 0 : tolerance * Math.max(max, command));
  return command >= min - slack && command <= max + slack;
}

function isMadeOf({ sample, previous }: ContainerSnapshot, { older, newer }: ResponsePair): boolean {
  return sample?.readAt === readMillis(newer) && previous?.readAt === readMillis(older);
}

function compareMetric(
  figure: AuditedMetric,
  ours: number | undefined,
  { command, snapshot }: { readonly command: number; readonly snapshot: ContainerSnapshot },
): Comparison {
  if (ours !== undefined) return { figure, ours, command, difference: relativeDifference(ours, command) };
  const mayLack = metricOf(figure).mayLack;
  const absence = absencesOf(snapshot).find((reason) => mayLack.includes(reason));
  // The command prints 0 for what a response lacks.
  const isEqual = absence !== undefined || command === 0;
  if (!isEqual) return { figure, command, difference: 1 };
  return { figure, command, difference: 0, absence: absence ?? 'not-in-response' };
}

/** From 0 to 1; a value that is not a number gives 1. */
function relativeDifference(a: number, b: number): number {
  if (a === b) return 0;
  const share = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
  return Number.isFinite(share) ? share : 1;
}

/** The docker command's values of one container, unrounded; 0 where it has none. */
type CommandReadings = Readonly<Record<AuditedMetric, number>>;

/**
 * The docker command's own arithmetic (docker/cli `cli/command/container/stats_helpers.go`) over two responses to
 * `GET /containers/{id}/stats`, as text. It shares nothing with the agent's reading and formulas, so that a mistake in
 * either shows as a difference; an absent key is 0, as in Go. Throws a SyntaxError on invalid JSON.
 */
export function commandReadings(
  older: string,
  newer: string,
  runtime: Pick<RuntimeDescription, 'runtimeName' | 'osType'>,
): CommandReadings {
  const before = new GoValue(JSON.parse(older));
  const after = new GoValue(JSON.parse(newer));
  const ticks = runtime.osType === 'windows' ? 100 : 1;
  const cpuNanos = (totalOf(after) - totalOf(before)) * ticks;
  const wallNanos = (after.at('read').millis - before.at('read').millis) * 1e6;
  const cpus = wallNanos > 0 && cpuNanos > 0 ? cpuNanos / wallNanos : 0;
  const shared = { cpus, ...networkIo(after), pids: after.at('pids_stats', 'current').number };
  if (runtime.osType === 'windows') return { ...shared, ...windowsReadings(after, cpus) };
  const memory = memoryWithoutCache(after);
  const limit = after.at('memory_stats', 'limit').number;
  return {
    ...shared,
    // Podman's own command divides by wall clock (libpod `calculateCPUPercent`).
    'cpu-percent': runtime.runtimeName === 'podman' ? cpus * 100 : cpuPercentUnix(before, after),
    memory,
    'memory-percent': limit === 0 ? 0 : (memory / limit) * 100,
    ...blockIo(after),
  };
}

/** Time of a response, in milliseconds since the epoch; NaN when it has none. */
function readMillis(response: string): number {
  return new GoValue(JSON.parse(response)).at('read').millis;
}

/** `calculateCPUPercentUnix`. */
function cpuPercentUnix(before: GoValue, after: GoValue): number {
  const cpuDelta = totalOf(after) - totalOf(before);
  const systemDelta =
    after.at('cpu_stats', 'system_cpu_usage').number - before.at('cpu_stats', 'system_cpu_usage').number;
  const onlineCpus =
    after.at('cpu_stats', 'online_cpus').number ||
    after.at('cpu_stats', 'cpu_usage', 'percpu_usage').items.length;
  return systemDelta > 0 && cpuDelta > 0 ? (cpuDelta / systemDelta) * onlineCpus * 100 : 0;
}

/** `calculateMemUsageUnixNoCache`. */
function memoryWithoutCache(after: GoValue): number {
  const usage = after.at('memory_stats', 'usage').number;
  const total = after.at('memory_stats', 'stats', 'total_inactive_file');
  if (total.isThere && total.number < usage) return usage - total.number;
  const own = after.at('memory_stats', 'stats', 'inactive_file').number;
  return own < usage ? usage - own : usage;
}

/** `calculateNetwork`. */
function networkIo(after: GoValue): Pick<CommandReadings, 'network-received' | 'network-transmitted'> {
  const networks = after.at('networks').items;
  return {
    'network-received': sum(networks.map((network) => network.at('rx_bytes').number)),
    'network-transmitted': sum(networks.map((network) => network.at('tx_bytes').number)),
  };
}

/** `calculateBlockIO`. */
function blockIo(after: GoValue): Pick<CommandReadings, 'block-read' | 'block-written'> {
  const entries = after.at('blkio_stats', 'io_service_bytes_recursive').items;
  const of = (letter: string): number =>
    sum(
      entries
        .filter((entry) => entry.at('op').text.toLowerCase().startsWith(letter))
        .map((entry) => entry.at('value').number),
    );
  return { 'block-read': of('r'), 'block-written': of('w') };
}

/** `calculateCPUPercentWindows` and what stands beside it. */
function windowsReadings(
  after: GoValue,
  cpus: number,
): Omit<CommandReadings, 'cpus' | 'pids' | 'network-received' | 'network-transmitted'> {
  const processors = after.at('num_procs').number;
  return {
    'cpu-percent': processors > 0 ? (cpus / processors) * 100 : 0,
    memory: after.at('memory_stats', 'privateworkingset').number,
    'memory-percent': 0,
    'block-read': after.at('storage_stats', 'read_size_bytes').number,
    'block-written': after.at('storage_stats', 'write_size_bytes').number,
  };
}

function totalOf(response: GoValue): number {
  return response.at('cpu_stats', 'cpu_usage', 'total_usage').number;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A part of a response as Go's decoder would have it: an absent key is the zero of its type. */
class GoValue {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  at(...keys: readonly string[]): GoValue {
    return keys.reduce<GoValue>((value, key) => new GoValue(value.#entries.get(key)), this);
  }

  get isThere(): boolean {
    return this.#value !== undefined;
  }

  get number(): number {
    return typeof this.#value === 'number' ? this.#value : 0;
  }

  get text(): string {
    return typeof this.#value === 'string' ? this.#value : '';
  }

  /** NaN when it is no time. */
  get millis(): number {
    return Date.parse(this.text);
  }

  get items(): readonly GoValue[] {
    return [...this.#entries.values()].map((item) => new GoValue(item));
  }

  get #entries(): ReadonlyMap<string, unknown> {
    const isWhole = typeof this.#value === 'object' && this.#value !== null;
    return new Map(isWhole ? Object.entries(this.#value) : []);
  }
}
