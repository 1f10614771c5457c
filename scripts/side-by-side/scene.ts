import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { profiles } from '../../src/metrics/catalogue.ts';
import { startAgent } from '../../test/support/real/agent-process.ts';
import { startCollector } from '../../test/support/real/collector.ts';
import { componentPath } from '../../test/support/real/component.ts';
import { startEngine, type EngineVersion, type RealEngine } from '../../test/support/real/real-engine.ts';
import { CadvisorComparison, type OnlyCadvisors } from './cadvisor.ts';
import { pairsOf, skewMillis, type Pair } from './compare.ts';

const readingCount = 3;
const interval = '2s';
const readyMark = '/ready';
/** Every container holds that much, so that 2 % of its memory are more than the kernel's batches. */
const hold = `head -c 20971520 /dev/zero >/dev/shm/held; : >${readyMark}`;
const common = ['--memory=128m', '--shm-size=32m', '--label=com.example.team=metrics'];
/** A short period: the one second of the receiver's CPU share holds many of them. */
const capped = (percent: number): readonly string[] => [
  ...common,
  '--cpu-period=10000',
  `--cpu-quota=${percent * 100}`,
];

/** Containers under load that is known. */
const specs = {
  quota: { options: capped(20), command: `${hold}; while :; do :; done` },
  steady: { options: [...common, '--pids-limit=50'], command: `${hold}; exec sleep 10000` },
  writer: {
    options: common,
    // It overwrites what it wrote: the page cache stays as large as it is.
    command: `${hold}; while :; do dd if=/dev/zero of=/file bs=64k count=16 conv=notrunc,fsync 2>/dev/null; sleep 0.2; done`,
  },
  server: {
    options: common,
    command: `${hold}; head -c 100000 /dev/zero >/file; exec httpd -f -p 7000 -h /`,
  },
} as const;

/** All 71 metrics: the receiver's newest release that the module proxy has lacks the health status. */
export const comparedMetrics: readonly string[] = profiles.docker_stats.containers
  .map(({ name }) => name)
  .filter((name) => name !== 'container.state.health.status');

/** Result of the comparison on one runtime. */
export interface SideBySide {
  readonly runtime: string;
  /** With the docker_stats receiver. */
  readonly pairs: readonly Pair[];
  readonly cadvisorPairs: readonly Pair[];
  readonly onlyCadvisors: readonly OnlyCadvisors[];
}

/**
 * Runs the receiver, cAdvisor and the agent beside each other on a runtime under load, and pairs their values.
 */
export async function runSideBySide(version: EngineVersion, pauseMillis: number): Promise<SideBySide> {
  await using runtime = await startEngine(version, { bridge: true });
  await startLoad(runtime);
  const block = receiverBlock(runtime);
  await using collector = await startCollector(collectorConfig(block));
  const config = join(runtime.directory, 'agent.yaml');
  // The receiver's own block, pasted.
  await writeFile(config, JSON.stringify({ docker_stats: block }));
  await using agent = await startAgent({
    args: [`--config=${config}`, '--profile=docker_stats', `--otlp-endpoint=${collector.otlpUrl}`],
  });
  const runtimeVersion = await versionOf(version, runtime);
  await using cadvisor = await CadvisorComparison.start(runtime, runtimeVersion, interval);
  await agent.untilReady();
  const start = Date.now();
  const at = Array.from({ length: readingCount }, (_, index) => start + (index + 1) * pauseMillis);
  const moments = { at, pauseMillis };
  await cadvisor.read(moments);
  await delay(4 * skewMillis);
  return {
    runtime: `${runtimeVersion}, API ${runtime.apiVersion}`,
    pairs: pairsOf(await collector.fileExport(), moments),
    cadvisorPairs: cadvisor.pairs(moments),
    onlyCadvisors: cadvisor.onlyCadvisors,
  };
}

/** The engine's version; a current engine that Go built from its module does not report one. */
async function versionOf(version: EngineVersion, runtime: RealEngine): Promise<string> {
  if (version === 'current') return basename(componentPath('engine-current')).replace('dockerd-', '');
  return await runtime.docker('version', '--format={{.Server.Version}}');
}

async function startLoad(runtime: RealEngine): Promise<void> {
  for (const [name, { options, command }] of Object.entries(specs)) await runtime.run(name, options, command);
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const address = await runtime.docker('inspect', `--format=${format}`, 'server');
  const fetchFile = `wget -q -O /dev/null http://${address}:7000/file`;
  await runtime.run('client', common, `${hold}; while :; do ${fetchFile}; sleep 0.2; done`);
  for (const name of [...Object.keys(specs), 'client']) await runtime.untilFile(name, readyMark);
}

function receiverBlock(runtime: RealEngine) {
  return {
    endpoint: runtime.url,
    api_version: runtime.apiVersion,
    collection_interval: interval,
    timeout: '30s',
    metrics: Object.fromEntries(comparedMetrics.map((name) => [name, { enabled: true }])),
  };
}

function collectorConfig(block: ReturnType<typeof receiverBlock>): string {
  return JSON.stringify({
    receivers: {
      docker_stats: block,
      otlp: { protocols: { http: { endpoint: '${env:OTLP_ENDPOINT}' } } },
    },
    exporters: { file: { path: '${env:EXPORT_FILE}', format: 'json', append: true, flush_interval: '50ms' } },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { metrics: { receivers: ['docker_stats', 'otlp'], exporters: ['file'] } },
    },
  });
}
