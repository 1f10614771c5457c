import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { profiles, wholeCatalogue } from '../../src/metrics/catalogue.ts';
import { waitUntil } from '../support/real/daemon.ts';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import type { OtlpRequest } from '../support/real/collector.ts';
import { skipUnless } from '../support/real/component.ts';
import type { Exposition } from '../support/wire/exposition.ts';
import { passes } from '../support/assert/fresh-reading.ts';
import { pointsOf, type Point } from '../support/wire/otlp-points.ts';
import { OtlpSink } from '../support/fakes/otlp-sink.ts';
import { promtoolCheckMetrics } from '../support/real/prometheus.ts';
import {
  decodeOtlp,
  parseOpenMetrics,
  parsePrometheusText,
  type ParsedFamily,
} from '../support/real/python.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';
import { engineVersions } from '../support/real/scene.ts';
import { startSimulatedProcess } from '../support/real/simulated-process.ts';

const offByDefault = wholeCatalogue(['semconv']).containers.flatMap((each) =>
  each.offByDefault ? [each.name] : [],
);
/** Of names that end as the conventions name numbers of things, and as promtool keeps for histograms. */
const countFindings = offByDefault
  .filter((name) => name.endsWith('.count'))
  .map((name) => name.replaceAll('.', '_'))
  .map((name) => `${name} non-histogram and non-summary metrics should not have "_count" suffix`);
const findingsFile = join(import.meta.dirname, '../fixtures/promtool-docker-exporter.txt');
const statsFindings = join(import.meta.dirname, '../fixtures/promtool-docker-stats.txt');
const cadvisorFindings = join(import.meta.dirname, '../fixtures/promtool-cadvisor.txt');
const skipWithoutParsers = skipUnless('promtool', 'python');
/** Layouts and protocols of OTLP. */
const otlpArgs = [
  ['--otlp-protocol=http/protobuf', '--otlp-resource=container'],
  ['--otlp-protocol=http/json', '--otlp-resource=container'],
  ['--otlp-protocol=http/protobuf', '--otlp-resource=flat'],
  ['--otlp-protocol=http/json', '--otlp-resource=flat', '--otlp-compression=none'],
] as const;

suite('expositions', { concurrency: true, skip: skipWithoutParsers || skipUnless('engine-20.10') }, () => {
  for (const version of [...engineVersions, 'hostile'] as const) {
    suite(version, { concurrency: true }, () => {
      const stack = new AsyncDisposableStack();
      let url: string;
      let names: readonly string[];

      before(async () => {
        const runtime = stack.use(await (version === 'hostile' ? startHostile() : startFilled(version)));
        ({ url } = runtime);
        names = await containerNames(url);
      });
      after(() => stack.disposeAsync());

      test('promtool finds nothing in profile semconv but the conventions’ counts, and other parsers read it', async () => {
        await using agent = await startScraped(url, 'semconv', `--metric=${offByDefault.join(',')}`);
        const isWhole = (shown: Exposition): boolean =>
          [
            'container_cpu_usage',
            'container_runtime_disk_usage_bytes',
            'container_memory_linux_usage_bytes',
          ].every((name) => shown.all(name).length > 0);
        await agent.waitForMetrics('a rate, disk usage and what is off by default', isWhole);
        const { text, openMetrics } = await oneProbe(agent);
        const { findings } = await promtoolCheckMetrics(text);
        assert.deepEqual(
          findings.filter((finding) => !countFindings.includes(finding)),
          [],
        );
        await assertReadable({ text, openMetrics }, 'container_name', names);
      });

      test("promtool finds the known faults of docker_exporter's names, and other parsers read them", async () => {
        await using agent = await startScraped(url, 'docker_exporter');
        const { text, openMetrics } = await oneProbe(agent);
        const { findings } = await promtoolCheckMetrics(text);
        assert.deepEqual(findings.toSorted(), (await readFile(findingsFile, 'utf8')).trim().split('\n'));
        await assertReadable({ text, openMetrics }, 'name', names);
      });

      test('docker_stats beside semconv: no faults but the known ones of its names, and other parsers read them', async () => {
        const all = profiles.docker_stats.containers.map(({ name }) => name);
        await using agent = await startScraped(url, 'docker_stats,semconv', `--metric=${all.join()}`);
        // Disk usage has a schedule of its own, a rate needs two readings: both may come between the formats.
        await agent.waitForMetrics('a rate and disk usage', (shown) =>
          ['container_cpu_usage', 'container_runtime_disk_usage_bytes'].every(
            (name) => shown.all(name).length > 0,
          ),
        );
        const { text, openMetrics } = await oneProbe(agent);
        const { findings } = await promtoolCheckMetrics(text);
        const known = (await readFile(statsFindings, 'utf8')).trim().split('\n');
        // The set of names depends on the version of cgroups.
        assert.deepEqual(
          findings.filter((finding) => !known.includes(finding)),
          [],
        );
        await assertReadable({ text, openMetrics }, 'container_name', names);
      });

      test('promtool faults cadvisor for names of its and the labels of hostile containers, and other parsers read it', async () => {
        const all = profiles.cadvisor.containers.map(({ name }) => name);
        await using agent = await startScraped(url, 'cadvisor', `--metric=${all.join()}`);
        // They have a schedule of their own, and may come between the two formats.
        await agent.waitForMetrics(
          'writable layers',
          (shown) => shown.all('container_fs_usage_bytes').length > 0,
        );
        const { text, openMetrics } = await oneProbe(agent);
        const { findings } = await promtoolCheckMetrics(text);
        const known = (await readFile(cadvisorFindings, 'utf8')).trim().split('\n');
        // Which of them are there depends on the host.
        const strange = findings.filter((finding) => !known.includes(finding));
        assert.deepEqual(strange, []);
        const isFound = (name: string): boolean => findings.some((finding) => finding.startsWith(`${name} `));
        assert.ok(isFound(version === 'hostile' ? 'container_last_seen' : 'container_memory_failcnt'));
        await assertReadable({ text, openMetrics }, 'name', version === 'hostile' ? [] : ['web', 'other']);
      });
    });
  }
});

suite('OTLP', { concurrency: true, skip: skipWithoutParsers || skipUnless('engine-20.10') }, () => {
  for (const version of engineVersions) {
    test(`${version}: opentelemetry-proto decodes every protocol and layout, which agree`, async () => {
      await using runtime = await startFilled(version);
      // The usage of paused containers is constant, so that four agents export the same.
      await runtime.pause('web', 'other');
      const exported = async (args: readonly string[]): Promise<readonly string[]> => {
        const points = comparable(await exportedBy(runtime.url, args));
        assert.ok(points.length > 50);
        return points;
      };
      const exportAll = () => Promise.all(otlpArgs.map(exported));
      // The kernel alone still charges it with a page now and then.
      await passes(await exportAll(), exportAll, ([first, ...others]) => {
        for (const other of others) assert.deepEqual(other, first);
      });
    });
  }

  test('hostile names and labels arrive as they are', async () => {
    await using runtime = await startHostile();
    const names = await containerNames(runtime.url);
    for (const args of otlpArgs) {
      const points = await exportedBy(runtime.url, args);
      const arrived = new Set(points.flatMap((point) => identityOf(point)['container.name'] ?? []));
      for (const name of names) assert.ok(arrived.has(name), `${args.join(' ')}: ${JSON.stringify(name)}`);
    }
  });
});

async function startHostile() {
  return await startSimulatedProcess('--hostile', '--scenario=demo');
}

async function startFilled(version: (typeof engineVersions)[number]): Promise<RealEngine> {
  const runtime = await startEngine(version);
  await runtime.run('web', ['--memory=64m', '--cpus=0.5', '--label=a.b="c"\n'], 'exec sleep 1000');
  await runtime.run('other', ['--pids-limit=7'], 'exec sleep 1000');
  await runtime.run('ended', [], 'exit 3');
  await runtime.docker('wait', 'ended');
  return runtime;
}

/** Names in the runtime's list; unpaired surrogates are replaced, as UTF-8 requires. */
async function containerNames(url: string): Promise<readonly string[]> {
  const asked = httpGet({ socketPath: url.replace('unix://', ''), path: '/containers/json?all=1' });
  const [answer] = await once(asked, 'response');
  const items = (await json(answer)) as readonly { readonly Names: readonly string[] }[];
  return items.map(({ Names }) => (Names[0] ?? '').slice(1).toWellFormed());
}

async function startScraped(url: string, profile: string, ...others: string[]): Promise<AgentProcess> {
  const args = [
    `--docker-url=${url}`,
    '--exporter=prometheus',
    `--profile=${profile}`,
    '--openmetrics-created',
  ];
  const agent = await startAgent({ args: [...args, ...others] });
  await agent.untilReady();
  return agent;
}

/** One probe in both formats. */
interface Scraped {
  readonly text: string;
  readonly openMetrics: string;
}

/** Scrapes until neither a probe nor an event came in between. */
async function oneProbe(agent: AgentProcess): Promise<Scraped> {
  // Events are counted from shortly after the first probe on.
  const probed = (text: string): string =>
    [
      /^tidegauge_probe_last_success_time.*$/m.exec(text)?.[0],
      /^container_(oom_)?events_total/m.test(text),
      ...(text.match(/^tidegauge_events_received_total.*$/gm) ?? []),
    ].join(' ');
  return await waitUntil('one probe in both formats', async () => {
    const [text, openMetrics] = [await agent.metricsText(), await agent.openMetricsText()];
    return probed(text) === probed(openMetrics) ? { text, openMetrics } : undefined;
  });
}

async function assertReadable(
  { text, openMetrics }: Scraped,
  label: string,
  names: readonly string[],
): Promise<void> {
  const parsed = { text: await parsePrometheusText(text), openMetrics: await parseOpenMetrics(openMetrics) };
  for (const families of Object.values(parsed)) {
    const shown = new Set(families.flatMap(({ samples }) => samples.map(({ labels }) => labels[label])));
    for (const name of names) assert.ok(shown.has(name), JSON.stringify(name));
  }
  assert.deepEqual(familyNames(parsed.openMetrics), familyNames(parsed.text));
}

/** Without `_total`, as OpenMetrics names a counter's family, and prometheus-client one of the text format. */
function familyNames(families: readonly ParsedFamily[]): readonly string[] {
  return [...new Set(families.map(({ name }) => name.replace(/_(total|info)$/, '')))].toSorted();
}

/** The points about containers in the first export that has any. */
async function exportedBy(url: string, args: readonly string[]): Promise<readonly Point[]> {
  await using sink = await OtlpSink.start();
  await using agent = await startAgent({
    args: [`--docker-url=${url}`, `--otlp-endpoint=${sink.url}`, '--exporter=otlp', '--interval=5m', ...args],
  });
  const [request] = await sink.waitFor(1);
  assert.ok(request && agent.isRunning);
  assert.equal(request.path, '/v1/metrics');
  const isJson = args.includes('--otlp-protocol=http/json');
  assert.equal(request.headers['content-type'], isJson ? 'application/json' : 'application/x-protobuf');
  const compression = args.includes('--otlp-compression=none') ? undefined : 'gzip';
  assert.equal(request.headers['content-encoding'], compression);
  const decoded: OtlpRequest = isJson ? JSON.parse(request.body.toString()) : await decodeOtlp(request.body);
  return pointsOf(decoded).filter(({ name }) => name.startsWith('container.'));
}

/** A point's entity: attributes of its resource or, by layout, its own. */
function identityOf({ resource, attributes }: Point): Readonly<Record<string, unknown>> {
  return { ...resource, ...attributes };
}

/** Equal for equal points: what differs from moment to moment is left out. */
function comparable(points: readonly Point[]): readonly string[] {
  return points
    .filter(({ name }) => name !== 'container.uptime')
    .map((point) => {
      const { name, unit, kind, value, startNanos } = point;
      const identity = Object.entries(identityOf(point)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const start = kind === 'counter' ? String(startNanos) : '';
      return JSON.stringify([name, unit, kind, value, start, identity]);
    })
    .toSorted();
}
