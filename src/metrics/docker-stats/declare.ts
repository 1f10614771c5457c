import type {
  Attributes,
  ContainerInstrument,
  MetricSource,
  InstrumentKind,
  Stamp,
  Observe,
} from '../../model/instrument.ts';
import type { Integer } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

/** A metric as the Collector's docker_stats receiver declares it in its metadata. */
export interface ReceiverMetric {
  readonly name: string;
  readonly kind: InstrumentKind;
  readonly unit: string;
  /** The receiver's own words: they are the HELP text of existing dashboards. */
  readonly description: string;
  /** Among the 14 that the receiver has on by default. */
  readonly isOn?: true;
  readonly isDouble?: true;
  readonly attributes?: readonly string[];
  /** `stats` by default. */
  readonly source?: MetricSource;
  readonly stampedBy?: Stamp;
  readonly absentWhen?: string;
}

/** An instrument of profile `docker_stats`. */
export function receiverInstrument(
  { isOn, isDouble, attributes = [], source = 'stats', ...declared }: ReceiverMetric,
  observe: ContainerInstrument['observe'],
): ContainerInstrument {
  return {
    ...declared,
    attributes,
    source,
    stability: 'peer',
    valueType: isDouble ? 'double' : 'int',
    ...(!isOn && { offByDefault: true }),
    observe,
  };
}

/** Observes a value unless it is absent. */
export function observePresent(
  observe: Observe,
  value: Integer | undefined,
  attributes?: Attributes,
  startedAt?: number,
): void {
  if (value !== undefined) observe(Number(value), attributes, startedAt);
}

/** The receiver shows running containers only; ours are shown while paused, too: their memory is still in use. */
export function isUp({ state, sample }: ContainerSnapshot): boolean {
  return state.status === undefined
    ? sample !== undefined && !sample.isLast
    : state.status === 'running' || state.status === 'paused';
}
