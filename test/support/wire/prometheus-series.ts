import type { Series } from './exposition.ts';
import type { Point } from './otlp-points.ts';

/** Units of the OpenTelemetry–Prometheus compatibility specification, as far as ours go. */
const unitSuffixes: Readonly<Record<string, string>> = { By: 'bytes', s: 'seconds', '1': 'ratio' };

/**
 * The expected series of a container's point in the exposition: implemented a second time, to judge the first.
 */
export function prometheusSeries({ name, unit, kind, resource, attributes, value }: Point): Series {
  const words = [
    ...name.split('.'),
    ...(unit in unitSuffixes ? [unitSuffixes[unit]] : []),
    ...(kind === 'counter' ? ['total'] : []),
  ];
  const identity = {
    container_name: String(resource['container.name']),
    container_id: String(resource['container.id']),
  };
  const labels = Object.entries(attributes).map(([key, text]) => [key.replaceAll('.', '_'), String(text)]);
  return {
    name: words.join('_'),
    labels: sortedByKey({ ...identity, ...Object.fromEntries(labels) }),
    value,
  };
}

/** Keys in order, so that equal series are written equally. */
function sortedByKey(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
