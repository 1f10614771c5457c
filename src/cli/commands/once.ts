import { z } from 'zod';
import { chosenMetrics, chosenResource } from '../../agent/catalogue.ts';
import { createTrackers, findEndpoints } from '../../agent/trackers.ts';
import { systemClock } from '../../clock.ts';
import { Recorded, collectOnce } from '../../export/collect-once.ts';
import type { Collected } from '../../export/collect-once.ts';
import { observedIn } from '../../export/container-producer.ts';
import { requestsOf } from '../../export/otlp/batches.ts';
import { requestSerializer } from '../../export/otlp/serializer.ts';
import { renderCollected } from '../../export/prometheus/scrape-source.ts';
import { withoutAgent } from '../../metrics/catalogue.ts';
import { ProbeSignal } from '../../agent/signals.ts';
import { DockerExporterInstruments } from '../../self-metrics/docker-exporter-instruments.ts';
import type { TrackerSet } from '../../tracker/tracker-set.ts';
import type { Command, CommandContext } from '../command.ts';
import { containerTable } from './container-table.ts';
import { withDemo } from './demo.ts';
import { patient } from './probe-session.ts';

/** How `once` can print. */
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
  const told = resourceMetrics.scopeMetrics.filter(({ metrics }) => metrics.length > 0);
  return told.map((scope) => ({
    attributes: observedIn.get(scope)?.entity.resource.attributes ?? {},
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
  run: printOnce,
};

async function printOnce(context: CommandContext<typeof options>): Promise<number> {
  const demo = await withDemo(context);
  const config = demo.applyTo(context.config);
  const { log, version, argv, stdout, signal } = context;
  // Who asks once asks for containers: how the agent fares is for those who watch it.
  const catalogue = withoutAgent(chosenMetrics(config));
  const recorded = new Recorded();
  const isPeer = config.profile.includes('docker_exporter');
  const probes = new ProbeSignal();
  if (isPeer) probes.subscribe(new DockerExporterInstruments(recorded.meter));
  const endpoints = findEndpoints(config, process.env);
  const processContext = { clock: systemClock, log, environment: process.env, version };
  // Two probes and no third for the collection: nobody else asks.
  const timing = { ...patient(config), minProbeInterval: sampleGapMillis / 2 };
  const trackers = createTrackers(timing, endpoints, { probes }, processContext);
  try {
    await trackers.update();
    // A recording has no second sample to give.
    if (config.replay === undefined && trackers.notYetProbed().length < endpoints.length) {
      await systemClock.sleep(sampleGapMillis, signal);
      // Who could not be reached has had its wait.
      const reached = trackers.sets.filter(({ failure }) => failure === undefined);
      await Promise.all(reached.map((set) => set.update(config.inlineTimeout)));
    }
    const labels = {
      containerIdLabel: config.containerIdLabel,
      runtimeLabel: endpoints.length > 1,
      resourceOf: chosenResource(config),
    };
    const collected = await collectOnce(trackers, catalogue, labels, recorded);
    for await (const chunk of formatOnce(argv.format, collected)) stdout.write(chunk);
    return tellFailures([...trackers.notYetProbed(), ...failing(trackers.sets)]);
  } finally {
    trackers.close();
    await demo.close();
  }
}

/** Engines that answered once and then no more. */
function failing(sets: readonly TrackerSet[]): { runtime: string; reason: string }[] {
  return sets.flatMap(({ runtime, failure, wasProbed }) =>
    wasProbed && failure !== undefined ? [{ runtime: runtime.name, reason: failure }] : [],
  );
}

/** The reasons on standard error, plainly: a person reads them. */
function tellFailures(failed: readonly { runtime: string; reason: string }[]): number {
  for (const { runtime, reason } of failed) process.stderr.write(`tidegauge: ${runtime}: ${reason}\n`);
  return failed.length === 0 ? 0 : 1;
}
