import type { AuditedMetric } from '../../../src/audit/audited-metrics.ts';
import { ourReadings, type MetricReadings } from '../../../src/audit/our-readings.ts';

/** Our metrics with a planted fault: the given one is 1 % too high. */
export function withFault(metric: AuditedMetric): MetricReadings {
  const read = ourReadings[metric];
  return {
    ...ourReadings,
    [metric]: (snapshot: Parameters<typeof read>[0]) => {
      const value = read(snapshot);
      return value === undefined ? undefined : value * 1.01;
    },
  };
}
