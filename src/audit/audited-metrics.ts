import type { AbsenceReason } from '../metrics/absence.ts';

/** Properties of an audited metric. */
interface Value {
  /** Counted by the runtime and only added up: then equal means equal. Others are divided, and rounded by that. */
  readonly isExact: boolean;
  /** May fall as well as rise between two readings. */
  readonly isGauge?: true;
  /** Reasons for an absent value of ours where the docker command prints a number all the same. */
  readonly mayLack: readonly AbsenceReason[];
}

const memory = ['no-usage', 'no-memory', 'no-working-set'] as const;
const network = { isExact: true, mayLack: ['no-usage', 'no-own-network', 'shared-network'] } as const;
const block = { isExact: true, mayLack: ['no-usage', 'no-block-io'] } as const;

/** The audited metrics: the columns of `docker stats`, and CPUs by wall clock. */
export const metrics = {
  'cpu-percent': { isExact: false, mayLack: ['no-usage', 'no-cpu'] },
  cpus: { isExact: false, mayLack: ['no-usage', 'no-cpu'] },
  memory: { isExact: true, isGauge: true, mayLack: memory },
  'memory-percent': { isExact: false, isGauge: true, mayLack: memory },
  'network-received': network,
  'network-transmitted': network,
  'block-read': block,
  'block-written': block,
  pids: { isExact: true, isGauge: true, mayLack: ['no-usage', 'no-pids'] },
} as const satisfies Readonly<Record<string, Value>>;

/** Name of an audited metric in reports and in the attribute `figure`. */
export type AuditedMetric = keyof typeof metrics;

/** Names of all audited metrics in the order of reports. */
export const auditedMetrics: readonly AuditedMetric[] = [
  'cpu-percent',
  'cpus',
  'memory',
  'memory-percent',
  'network-received',
  'network-transmitted',
  'block-read',
  'block-written',
  'pids',
];

/** Properties of the audited metric of that name. */
export function metricOf(name: AuditedMetric): Value {
  return metrics[name];
}
