import type { ContainerInstrument } from '../../model/instrument.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import type { DockerStatsResourceOptions } from './resource.ts';
import { reaggregated } from './reaggregate.ts';
import type { AggregationStrategy } from './reaggregate.ts';

/** What a receiver's configuration may say of one metric. */
export interface DockerStatsMetricOptions {
  readonly enabled?: boolean | undefined;
  /** The attributes that are left. */
  readonly attributes?: readonly string[] | null | undefined;
  readonly aggregation_strategy?: AggregationStrategy | undefined;
}

/** How profile `docker_stats` differs from the receiver's defaults. */
export interface DockerStatsOptions {
  readonly metrics: ReadonlyMap<string, DockerStatsMetricOptions>;
  readonly resource: DockerStatsResourceOptions;
  /** Whether anything of a container is shown; absent: of all. */
  readonly isShown?: ((snapshot: ContainerSnapshot) => boolean) | undefined;
}

/** The receiver's defaults. */
export const receiverDefaults: DockerStatsOptions = {
  metrics: new Map(),
  resource: { switches: new Map(), labels: {}, environment: {} },
};

/** The instruments as these options want them. */
export function withOptions(
  instruments: readonly ContainerInstrument[],
  { metrics, isShown }: DockerStatsOptions,
): readonly ContainerInstrument[] {
  return instruments.map((instrument) => {
    const configured = configure(instrument, metrics.get(instrument.name) ?? {});
    if (!isShown) return configured;
    return {
      ...configured,
      observe: (snapshot, observe) => {
        if (isShown(snapshot)) configured.observe(snapshot, observe);
      },
    };
  });
}

function configure(
  instrument: ContainerInstrument,
  { enabled, attributes, aggregation_strategy: strategy = 'sum' }: DockerStatsMetricOptions,
): ContainerInstrument {
  const { offByDefault, ...always } = instrument;
  const isOn = enabled ?? !offByDefault;
  const switched = isOn ? always : { ...always, offByDefault: true as const };
  const isWhole = !attributes || instrument.attributes.every((key) => attributes.includes(key));
  return isWhole ? switched : reaggregated(switched, attributes, strategy);
}
