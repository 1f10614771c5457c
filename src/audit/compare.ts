import { absencesOf } from '../metrics/absence.ts';
import type { AbsenceReason } from '../metrics/absence.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { AnswerPair } from './answer-pairs.ts';
import { commandReadings, readMillis } from './docker-cli.ts';
import { auditedMetrics, metricOf } from './audited-metrics.ts';
import type { AuditedMetric } from './audited-metrics.ts';
import type { MetricReadings } from './our-readings.ts';

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
}

/**
 * Every audited metric of a container beside the docker command's value from the same two responses. Undefined
 * when the snapshot was not made of these: the container restarted in between, or the response has no time.
 */
export function compareMetrics(
  snapshot: ContainerSnapshot,
  pair: AnswerPair,
  readings: MetricReadings,
): readonly Comparison[] | undefined {
  if (!isMadeOf(snapshot, pair)) return undefined;
  const command = commandReadings(pair.older, pair.newer, snapshot.runtime);
  return auditedMetrics.map((figure) =>
    compareMetric(figure, readings[figure](snapshot), { command: command[figure], snapshot }),
  );
}

/** True when the values agree: exact metrics when they are equal, others within the tolerance. */
export function isWithin({ figure, difference }: Comparison, tolerance: number): boolean {
  return difference <= (metricOf(figure).isExact ? 0 : tolerance);
}

function isMadeOf({ sample, previous }: ContainerSnapshot, { older, newer }: AnswerPair): boolean {
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
