import type { CompleteSpec } from './container-spec.ts';
import { createMemoryUse } from './memory-use.ts';
import type { MemoryUsage } from './memory-use.ts';
import { createRandom } from './random.ts';

/** CPU time since the start of the run, in nanoseconds, and what the quota took away. */
export interface CpuUsage {
  readonly totalNanos: number;
  readonly kernelNanos: number;
  readonly userNanos: number;
  readonly perCpuNanos: readonly number[];
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNanos: number;
}

/** Counters of one network interface since the start of the run. */
export interface NetworkUsage {
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receivedDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
}

/** Counters of the one block device since the start of the run. */
export interface DiskUsage {
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly reads: number;
  readonly writes: number;
}

/** All values of one sample of a container. */
export interface ContainerUsage {
  readonly cpu: CpuUsage;
  readonly memory: MemoryUsage;
  readonly networks: readonly NetworkUsage[];
  readonly disk: DiskUsage;
  readonly processes: number;
}

/** The parts of the host that bound what a container can use. */
export interface HostSize {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** The values of one run of a container as a function of the seconds that it has been running unpaused. */
export type Workload = (seconds: number) => ContainerUsage;

const periodSeconds = 0.1;
const bytesPerPacket = 740;
const bytesPerOperation = 16_384;

/** Makes the workload of one run. Pure: the same seed, spec and second always give the same values. */
export function createWorkload(seed: string, spec: CompleteSpec, host: HostSize): Workload {
  const random = createRandom(`${seed}/workload/${spec.name}`);
  const cpu = createCpuUse(random, spec, host);
  const memory = createMemoryUse(random, spec, host);
  const networks = spec.networks.map((_, index) => createNetworkUse(random, spec, index));
  const disk = createDiskUse(random, spec);
  return (seconds) => ({
    cpu: cpu(seconds),
    memory: memory(seconds),
    networks: networks.map((network) => network(seconds)),
    disk: disk(seconds),
    processes: spec.load.processes + Math.floor(1.5 + 1.5 * Math.sin(seconds / 17)),
  });
}

/** The CPUs that a spec's quota allows, however it is written; absent when nothing bounds it. */
function cpuQuota({ limits }: CompleteSpec): number | undefined {
  if (limits.cpus !== undefined) return limits.cpus;
  return limits.cpuQuotaMicros === undefined
    ? undefined
    : limits.cpuQuotaMicros / (limits.cpuPeriodMicros ?? 100_000);
}

function createCpuUse(
  random: () => number,
  spec: CompleteSpec,
  host: HostSize,
): (seconds: number) => CpuUsage {
  const quota = cpuQuota(spec);
  const max = Math.min(quota ?? host.cpus, host.cpus);
  const wanted = spec.load.cpus;
  // The curve peaks at 1.9 times its mean: a mean of at most half of the limit never needs clipping, which
  // would have
  // no closed form. A container with a higher mean runs at its limit all the time.
  const curve =
    wanted < max ? createLoadCurve(random, Math.min(wanted, max / 2)) : { total: (at: number) => max * at };
  const kernelShare = 0.05 + 0.3 * random();
  const shares = drawShares(random, host.cpus);
  const hungry = quota === undefined ? 0 : Math.max(0, wanted - quota);
  const throttledShare = throttlingShare(quota, hungry, random);
  return (seconds) => {
    const nanos = curve.total(seconds) * 1e9;
    const perCpuNanos = shares.map((share) => Math.floor(share * nanos));
    const totalNanos = perCpuNanos.reduce((sum, value) => sum + value, 0);
    const kernelNanos = Math.floor(totalNanos * kernelShare);
    const periods = quota === undefined ? 0 : Math.floor(seconds / periodSeconds);
    return {
      totalNanos,
      kernelNanos,
      userNanos: totalNanos - kernelNanos,
      perCpuNanos,
      periods,
      throttledPeriods: Math.floor(periods * throttledShare),
      throttledNanos: Math.floor(seconds * 1e9 * (hungry > 0 ? hungry : throttledShare * 0.02)),
    };
  };
}

function drawShares(random: () => number, count: number): number[] {
  const weights = Array.from({ length: count }, () => 0.2 + random());
  const sum = weights.reduce((left, right) => left + right, 0);
  return weights.map((weight) => weight / sum);
}

function createNetworkUse(
  random: () => number,
  { load }: CompleteSpec,
  index: number,
): (seconds: number) => NetworkUsage {
  const received = createLoadCurve(random, load.receivedBytesPerSecond / (index + 1));
  const sent = createLoadCurve(random, load.sentBytesPerSecond / (index + 1));
  return (seconds) => {
    const receivedBytes = Math.floor(received.total(seconds));
    const sentBytes = Math.floor(sent.total(seconds));
    return {
      receivedBytes,
      receivedPackets: Math.floor(receivedBytes / bytesPerPacket),
      receivedDropped: Math.floor(receivedBytes / (bytesPerPacket * 50_000)),
      sentBytes,
      sentPackets: Math.floor(sentBytes / bytesPerPacket),
    };
  };
}

function createDiskUse(random: () => number, { load }: CompleteSpec): (seconds: number) => DiskUsage {
  const read = createLoadCurve(random, load.readBytesPerSecond / bytesPerOperation);
  const written = createLoadCurve(random, load.writtenBytesPerSecond / bytesPerOperation);
  return (seconds) => {
    const reads = Math.floor(read.total(seconds));
    const writes = Math.floor(written.total(seconds));
    return {
      reads,
      writes,
      readBytes: reads * bytesPerOperation,
      writtenBytes: writes * bytesPerOperation,
    };
  };
}

/** Share of periods in which the quota ran out: nearly all where the mean is above the limit, else a few. */
function throttlingShare(quota: number | undefined, hungry: number, random: () => number): number {
  if (quota === undefined) return 0;
  return hungry > 0 ? 0.98 : 0.03 * random();
}

/** A load that rises and falls around a mean, and what it has added up to: both closed forms of the time. */
export interface LoadCurve {
  /** The load at that second; never below 10 % of the mean. */
  readonly at: (seconds: number) => number;
  /** The integral of the load from 0 to that second; grows strictly, so counters made of it never fall. */
  readonly total: (seconds: number) => number;
}

interface Wave {
  readonly amplitude: number;
  readonly frequency: number;
  readonly phase: number;
}

/** Shares of the mean that swing within a minute, within minutes and within hours; their sum stays below 1. */
const swings = [
  { share: 0.4, seconds: 40 },
  { share: 0.3, seconds: 420 },
  { share: 0.2, seconds: 9000 },
] as const;

/** Draws a curve around the mean: three sine waves whose periods and phases come from the random stream. */
function createLoadCurve(random: () => number, mean: number): LoadCurve {
  const waves = swings.map(({ share, seconds }): Wave => ({
    amplitude: share * mean,
    frequency: (2 * Math.PI) / (seconds * (0.6 + 0.8 * random())),
    phase: 2 * Math.PI * random(),
  }));
  return {
    at: (seconds) => waves.reduce((sum, wave) => sum + swing(wave, seconds), mean),
    total: (seconds) => waves.reduce((sum, wave) => sum + swung(wave, seconds), mean * seconds),
  };
}

function swing({ amplitude, frequency, phase }: Wave, seconds: number): number {
  return amplitude * Math.sin(frequency * seconds + phase);
}

function swung({ amplitude, frequency, phase }: Wave, seconds: number): number {
  return (amplitude / frequency) * (Math.cos(phase) - Math.cos(frequency * seconds + phase));
}
