import type { OtlpRequest } from '../../test/support/real/collector.ts';
import { pointsOf, type Point } from '../../test/support/wire/otlp-points.ts';

/** The receiver stamps its points before it asks the runtime, which may take this long to respond. */
export const skewMillis = 3000;
/** By how much CPU and memory may differ, of the larger of the two. */
export const tolerance = 0.02;
/** The kernel charges memory in batches of 64 pages for each CPU; smaller differences cannot be measured. */
const memoryFloor = 64 * 4096;
/** Percentage points: an idle container's share is not compared. */
const percentFloor = 0.1;

/** A process that serves one request comes and goes between two readings, and so does what it has open. */
const processFloors: readonly (readonly [pattern: RegExp, floor: number])[] = [
  [/^container_(?:threads|processes|tasks_state)$/, 2],
  [/^container_network_(?:tcp|udp)6?_usage_total$/, 4],
  [/^container_(?:file_descriptors|sockets)$/, 8],
];

/** Rules by which metrics are compared. */
export type Rule = 'counter' | 'mean' | 'gauge' | 'time';

/** Two values of one series at one reading. */
export interface Pair {
  readonly metric: string;
  readonly unit: string;
  readonly rule: Rule;
  readonly container: string;
  readonly attributes: string;
  /** From 1. */
  readonly reading: number;
  /** Undefined where it has no point. */
  readonly theirs: number | undefined;
  /** Minimum and maximum of ours within the skew; undefined where we have no point. */
  readonly ours: readonly [min: number, max: number] | undefined;
}

/** When readings are taken: milliseconds since the epoch, a pause apart. */
export interface Moments {
  readonly at: readonly number[];
  readonly pauseMillis: number;
}

type Series = ReadonlyMap<string, readonly Point[]>;

/** Pairs every series of the receiver with ours, which came in the same way, at every moment. */
export function pairsOf(requests: readonly OtlpRequest[], moments: Moments): Pair[] {
  return pairsOfPoints(receivedPoints(requests, false), receivedPoints(requests, true), moments);
}

/** Pairs every series of both sides at every moment. */
export function pairsOfPoints(
  theirPoints: readonly Point[],
  ourPoints: readonly Point[],
  moments: Moments,
): Pair[] {
  const [theirs, ours] = [seriesOf(theirPoints), seriesOf(ourPoints)];
  const keys = [...new Set([...theirs.keys(), ...ours.keys()])].toSorted();
  return moments.at.flatMap((moment, index) =>
    keys.flatMap((key) => {
      const [their = [], our = []] = [theirs.get(key), ours.get(key)];
      const [first] = [...their, ...our];
      if (!first) return [];
      const rule = ruleOf(first);
      const from = moment - moments.pauseMillis;
      const values = rule === 'mean' ? means(their, our, from, moment) : bounded(their, our, from, moment);
      return [{ ...identityOf(first), rule, reading: index + 1, ...values }];
    }),
  );
}

/** Difference of two values beyond the skew, in the metric's unit; 0 within it. */
export function differenceOf({ theirs, ours }: Pair): number {
  if (theirs === undefined || !ours) return 0;
  return Math.max(0, ours[0] - theirs, theirs - ours[1]);
}

/** The difference as a share of the larger value. */
export function shareOf(pair: Pair): number {
  const difference = differenceOf(pair);
  return difference === 0 ? 0 : difference / Math.max(Math.abs(pair.theirs ?? 0), ...(pair.ours ?? []));
}

/** True when two values agree; an absent one agrees with the zero or the -1 that the receiver has instead. */
export function agrees(pair: Pair): boolean {
  if (pair.theirs === undefined) return true;
  if (!pair.ours) return pair.theirs === 0 || pair.theirs === -1;
  if (pair.rule === 'counter') return differenceOf(pair) === 0;
  if (pair.rule === 'time') return differenceOf(pair) <= skewMillis / 1000;
  return shareOf(pair) <= tolerance || differenceOf(pair) <= floorOf(pair);
}

function floorOf({ metric, unit }: Pair): number {
  // cAdvisor's names do not all end with the unit.
  if (unit === 'By' || /_memory_(rss|cache|mapped_file|kernel_usage)$/.test(metric)) return memoryFloor;
  const ofProcesses = processFloors.find(([pattern]) => pattern.test(metric));
  if (ofProcesses) return ofProcesses[1];
  return unit === '1' ? percentFloor : 0;
}

/** The receiver's CPU share covers the second before its request, ours the time since the last probe. */
function ruleOf({ name, kind }: Point): Rule {
  if (name === 'container.cpu.utilization') return 'mean';
  if (/_(time_seconds|last_seen)$/.test(name)) return 'time';
  return kind === 'counter' || name === 'container.uptime' ? 'counter' : 'gauge';
}

function means(
  theirs: readonly Point[],
  ours: readonly Point[],
  from: number,
  to: number,
): Pick<Pair, 'theirs' | 'ours'> {
  const [their, our] = [mean(between(theirs, from, to)), mean(between(ours, from, to))];
  return { theirs: their, ours: our === undefined ? undefined : [our, our] };
}

/** The receiver's last value up to the moment, and ours from just before its request to after the response. */
function bounded(
  theirs: readonly Point[],
  ours: readonly Point[],
  from: number,
  to: number,
): Pick<Pair, 'theirs' | 'ours'> {
  const last = between(theirs, from, to).at(-1);
  const asked = last ? millisOf(last) : to;
  const before = between(ours, from - skewMillis, asked).slice(-1);
  const after = ours.find((point) => millisOf(point) >= asked + skewMillis);
  const within = between(ours, asked, asked + skewMillis);
  const values = [...before, ...within, ...(after ? [after] : [])].map(({ value }) => value);
  return {
    theirs: last?.value,
    ours: values.length === 0 ? undefined : [Math.min(...values), Math.max(...values)],
  };
}

function between(points: readonly Point[], from: number, to: number): readonly Point[] {
  return points.filter((point) => millisOf(point) > from && millisOf(point) <= to);
}

function mean(points: readonly Point[]): number | undefined {
  if (points.length === 0) return undefined;
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}

function receivedPoints(requests: readonly OtlpRequest[], areOurs: boolean): readonly Point[] {
  return requests.flatMap(({ resourceMetrics = [] }) =>
    pointsOf({
      resourceMetrics: resourceMetrics.filter(
        ({ scopeMetrics = [] }) => scopeMetrics.some(({ scope }) => scope?.name === 'tidegauge') === areOurs,
      ),
    }),
  );
}

function seriesOf(points: readonly Point[]): Series {
  const ofContainers = points.filter(({ resource }) => resource['container.name'] !== undefined);
  const series = Map.groupBy(ofContainers, (point) => JSON.stringify(Object.values(identityOf(point))));
  return new Map(
    [...series].map(([key, each]) => [key, each.toSorted((a, b) => millisOf(a) - millisOf(b))] as const),
  );
}

function identityOf({ name, unit, resource, attributes }: Point) {
  const pairs = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    metric: name,
    unit,
    container: String(resource['container.name']),
    attributes: pairs.map(([key, value]) => `${key}=${String(value)}`).join(' '),
  };
}

function millisOf({ nanos }: Point): number {
  return Number(nanos / 1_000_000n);
}
