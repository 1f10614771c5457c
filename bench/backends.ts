import { setTimeout as delay } from 'node:timers/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '../test/support/real/collector.ts';
import { startPrometheus } from '../test/support/real/prometheus.ts';
import { spawnTidegauge } from './agents/tidegauge.ts';
import type { BenchOptions } from './options.ts';
import { OtlpSink } from './otlp-sink.ts';
import type { Step } from './plan.ts';
import { cpuSeconds, residentMebibytes } from './processes.ts';
import type { BackendValues } from './results.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import { countSeries, scrape } from './scrape.ts';

/** OTLP in, and on to the next tier: what a gateway does at the very minimum. */
const gateway = `
receivers: { otlp: { protocols: { http: { endpoint: '\${env:OTLP_ENDPOINT}' } } } }
exporters: { otlphttp: { endpoint: '\${env:OTLP_SINK}' } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { metrics: { receivers: [otlp], exporters: [otlphttp] } }
`;
/** Prometheus hands its targets on 5 s after its start. */
const warmUpMillis = 25_000;

/** What a Collector and a Prometheus cost that receive and scrape our agent at its interval. */
export async function measureBackends(
  runtime: RuntimeUnderTest,
  step: Step,
  options: BenchOptions,
): Promise<BackendValues> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-bench-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const sink = await OtlpSink.start();
  stack.defer(() => sink.close());
  const collector = stack.use(await startCollector({ config: gateway, env: { OTLP_SINK: sink.url } }));
  const agentFlags = [`--otlp-endpoint=${collector.otlpUrl}`, ...options.agentFlags];
  const agent = stack.use(await spawnTidegauge(runtime, step, { ...options, agentFlags }, directory));
  const jobLines = [`scrape_interval: ${step.intervalSeconds}s`];
  const prometheus = stack.use(await startPrometheus({ targets: [agent.metricsUrl], jobLines }));
  const read = () => ({
    at: performance.now(),
    collector: cpuSeconds(collector.pid),
    prometheus: cpuSeconds(prometheus.pid),
    ...sink.received,
  });
  await delay(warmUpMillis);
  const before = read();
  await delay(1000 * step.intervalSeconds * step.cycles);
  const after = read();
  const page = await scrape(agent.metricsUrl);
  return {
    seconds: (after.at - before.at) / 1000,
    points: after.points - before.points,
    pushedBytes: after.bytes - before.bytes,
    scrapedSeries: countSeries(page).all,
    scrapes: step.cycles,
    scrapedBytes: page.bytes,
    collector: costOf(collector.pid, after.collector - before.collector),
    prometheus: costOf(prometheus.pid, after.prometheus - before.prometheus),
  };
}

function costOf(pid: number, cpu: number): BackendValues['collector'] {
  return { cpuSeconds: cpu, residentMebibytes: residentMebibytes(pid) };
}
