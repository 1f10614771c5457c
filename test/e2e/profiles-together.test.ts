import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { resolveContainers } from '../../src/agent/containers.ts';
import { createTrackers } from '../../src/agent/trackers.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { profileNames } from '../../src/config/settings/names.ts';
import {
  wholeCatalogue,
  type Catalogue,
  type ProfileName,
  conflictsOf,
} from '../../src/metrics/catalogue.ts';
import { firstOfEachName } from '../../src/metrics/prometheus-names.ts';
import { ProbeSignal } from '../../src/agent/signals.ts';
import { collectOnce, renderCollected } from '../../src/export/prometheus/scrape-source.ts';
import type { ExpositionFormat } from '../../src/export/prometheus/text-format.ts';
import type { ContainerSpec } from '../../src/simulator/world/container-spec.ts';
import type { SimulatedEngine } from '../../src/simulator/simulated-engine.ts';
import { startSimulatedEngine } from '../../src/simulator/start.ts';
import type { Trackers } from '../../src/tracker/trackers.ts';
import { combinations } from '../support/fakes/combinations.ts';
import { skipUnless } from '../support/real/component.ts';
import { KeptLog } from '../support/fakes/observed-probes.ts';
import { parseOpenMetrics, parsePrometheusText, type ParsedFamily } from '../support/real/python.ts';

const permitted = combinations(profileNames).filter(arePermitted);
const largest = permitted.filter(
  ({ length }) => length === Math.max(...permitted.map((each) => each.length)),
);
const sizes: readonly (readonly [containerCount: number, combinations: typeof permitted])[] = [
  // clashing() has a period of 30, and clashes are between neighbours: two periods have them all.
  [60, permitted],
  // As many as a large host has.
  [1000, largest],
];
const parsers = { text: parsePrometheusText, openmetrics: parseOpenMetrics } as const;

/** Names that are one once halves of characters are replaced, and labels that are one once they are names of labels. */
function clashing(index: number): ContainerSpec {
  const half = String.fromCharCode(0xd800 + (index % 2));
  return {
    name: `${['web.', 'web_', 'web-'][Math.floor(index / 2) % 3]}${Math.floor(index / 6)}${half}${index % 6 < 2 ? '' : index}`,
    labels: { 'a.b': `${index % 5}`, 'a-b': 'x\n"y\\', a_b: '' },
    limits: index % 2 === 0 ? { memoryBytes: 2 ** 28, cpus: 0.5, pids: 9 } : {},
  };
}

for (const [containerCount, combined] of sizes)
  suite(`${containerCount} containers with clashing names and labels`, { skip: skipUnless('python') }, () =>
    exposeTogether(containerCount, combined),
  );

function exposeTogether(containerCount: number, combined: typeof permitted): void {
  const stack = new AsyncDisposableStack();
  let trackers: Trackers;

  before(async () => {
    const specs = Array.from({ length: containerCount }, (_, index) => clashing(index));
    const runtime: SimulatedEngine = stack.use(
      await startSimulatedEngine({ specs, hostile: true, cgroup: 1 }),
    );
    const { config } = loadConfig({
      flags: { 'docker-url': runtime.url },
      environment: {},
      readFile: () => '',
    });
    const dependencies = { clock: systemClock, log: new KeptLog(), environment: {} };
    const resolved = resolveContainers(config, dependencies);
    trackers = createTrackers(resolved, { probes: new ProbeSignal() }, dependencies);
    await trackers.update();
  });
  after(async () => {
    trackers.close();
    await stack.disposeAsync();
  });

  for (const profiles of combined) {
    test(`${profiles.join(' + ')}: both parsers read them all, and no series comes twice`, async () => {
      await Promise.all(
        (['text', 'openmetrics'] as const).map(async (format) => {
          const exposition = await exposed(trackers, profiles, format);
          const families = await parsers[format](exposition);
          const series = families.flatMap(seriesOf);
          assert.ok(series.length > containerCount * 5, `${series.length} series`);
          assert.equal(new Set(series).size, series.length, format);
          const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
          assert.equal(series.length, lines.length, format);
        }),
      );
    });
  }
}

/** Metrics that are off by default are on: then most names can conflict. */
function everything(profiles: readonly ProfileName[]): Catalogue {
  const { containers, runtime } = wholeCatalogue(profiles);
  return { containers: firstOfEachName(containers), runtime: firstOfEachName(runtime) };
}

function arePermitted(profiles: readonly ProfileName[]): boolean {
  return conflictsOf(profiles.map((profile) => ({ profile, ...wholeCatalogue([profile]) }))).length === 0;
}

async function exposed(
  trackers: Trackers,
  profiles: readonly ProfileName[],
  format: ExpositionFormat,
): Promise<string> {
  const labels = { containerIdLabel: true, runtimeLabel: false };
  const { resourceMetrics, literal } = await collectOnce(trackers, everything(profiles), labels);
  return await text(renderCollected(resourceMetrics, literal, { format, created: false }));
}

function seriesOf({ samples }: ParsedFamily): readonly string[] {
  return samples.map(({ name, labels }) => {
    const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([name, pairs]);
  });
}
