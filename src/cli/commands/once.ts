import * as z from 'zod';
import { ProbeSignal } from '../../agent/signals.ts';
import { observedIn } from '../../export/container-producer.ts';
import { requestsOf, requestSerializer } from '../../export/otlp/requests.ts';
import { collectOnce, Recorded, renderCollected } from '../../export/prometheus/scrape-source.ts';
import type { Collected } from '../../export/prometheus/scrape-source.ts';
import { withoutAgent } from '../../metrics/catalogue.ts';
import { DockerExporterInstruments } from '../../self-metrics/docker-exporter-instruments.ts';
import type { Command, CommandContext } from '../command.ts';
import { containerTable } from './container-table.ts';
import { inDemo } from './demo.ts';
import { ProbeSession, reportFailures } from './probe-session.ts';

/** Output formats of `once`. */
export const onceFormats = ['table', 'json', 'prometheus', 'openmetrics', 'otlp-json'] as const;

/** One of {@link onceFormats}. */
export type OnceFormat = (typeof onceFormats)[number];

/** The collection as text, in chunks. */
async function* formatOnce(format: OnceFormat, collected: Collected): AsyncGenerator<string> {
  switch (format) {
    case 'table':
      yield containerTable(collected.runtimes);
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

/** For scripts: a list of containers and runtimes, each with its attributes and its metrics by name. */
function plain({ resourceMetrics }: Collected): unknown[] {
  const observed = resourceMetrics.scopeMetrics.filter(({ metrics }) => metrics.length > 0);
  return observed.map((scope) => ({
    attributes: observedIn(scope)?.entity.resource.attributes ?? {},
    metrics: Object.fromEntries(
      scope.metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        { unit: descriptor.unit, points: dataPoints.map(({ value, attributes }) => ({ value, attributes })) },
      ]),
    ),
  }));
}

/** Between the two samples that a rate needs. */
const sampleGapMillis = 1000;

const options = {
  format: {
    type: z.enum(onceFormats, { error: `expected one of ${onceFormats.join(', ')}` }),
    default: 'table',
    help: `How to print: ${onceFormats.join(', ')}`,
  },
};

/** `tidegauge once`: two samples, one print, the end. */
export const onceCommand: Command<typeof options> = {
  name: 'once',
  describe: 'Probe, print and exit',
  options,
  examples: [
    { line: '$0 once', does: 'a table, as docker stats has it' },
    { line: '$0 once --format otlp-json', does: 'what would be pushed of containers and runtimes' },
  ],
  run: (context) => inDemo(context, printOnce),
};

async function printOnce(context: CommandContext<typeof options>): Promise<number> {
  const { config, argv, stdout } = context;
  const recorded = new Recorded();
  const probes = new ProbeSignal();
  if (config.profile.includes('docker_exporter'))
    probes.subscribe(new DockerExporterInstruments(recorded.meter));
  const session = new ProbeSession(context, { observers: { probes }, gapMillis: sampleGapMillis });
  try {
    await session.probe();
    // A recording has no second sample to give.
    if (config.replay === undefined) await session.probeAgain();
    if (argv.format === 'table' && !session.isAnswered) return reportFailures(session.failures());
    const { catalogue, entities } = session.resolved;
    // A single reading is about containers: metrics of the agent itself make sense only over time.
    const collected = await collectOnce(session.trackers, withoutAgent(catalogue), entities, recorded);
    for await (const chunk of formatOnce(argv.format, collected)) stdout.write(chunk);
    return reportFailures(session.failures());
  } finally {
    session.close();
  }
}
