import { observedIn } from '../../export/container-producer.ts';
import type { Collected } from '../../export/collect-once.ts';
import { requestsOf } from '../../export/otlp/batches.ts';
import { requestSerializer } from '../../export/otlp/serializer.ts';
import { renderCollected } from '../../export/prometheus/scrape-source.ts';
import { containerTable } from './container-table.ts';

/** How `once` can print. */
export const onceFormats = ['table', 'json', 'prometheus', 'openmetrics', 'otlp-json'] as const;

/** One of {@link onceFormats}. */
export type OnceFormat = (typeof onceFormats)[number];

/** The collection as text, in chunks. */
export async function* formatOnce(format: OnceFormat, collected: Collected): AsyncGenerator<string> {
  switch (format) {
    case 'table':
      yield containerTable(collected.engines);
      break;
    case 'json':
      yield `${JSON.stringify(plain(collected), null, 2)}\n`;
      break;
    case 'prometheus':
      yield* renderCollected(collected.resourceMetrics, collected.literal, {
        format: 'text',
        created: false,
      });
      break;
    case 'openmetrics':
      yield* renderCollected(collected.resourceMetrics, collected.literal, {
        format: 'openmetrics',
        created: false,
      });
      break;
    case 'otlp-json':
      yield `${otlpJson(collected)}\n`;
  }
}

/** One request, however many would be sent: a file holds one. */
function otlpJson({ resourceMetrics }: Collected): string {
  const all = [...requestsOf(resourceMetrics, 'container')].flat();
  return Buffer.from(requestSerializer('http/json').serializeRequest(all) ?? []).toString();
}

/** For scripts: a list of containers and engines, each with its attributes and its metrics by name. */
function plain({ resourceMetrics }: Collected): unknown[] {
  const told = resourceMetrics.scopeMetrics.filter(({ metrics }) => metrics.length > 0);
  return told.map((scope) => ({
    attributes: observedIn.get(scope)?.subject.resource.attributes ?? {},
    metrics: Object.fromEntries(
      scope.metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        { unit: descriptor.unit, points: dataPoints.map(({ value, attributes }) => ({ value, attributes })) },
      ]),
    ),
  }));
}
