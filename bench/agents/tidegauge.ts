import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { imageEnvironment } from '../../test/support/real/built-agent.ts';
import { ownLoopbackAddress, startDaemon, waitUntil } from '../../test/support/real/daemon.ts';
import type { BenchOptions } from '../options.ts';
import { OtlpSink } from '../otlp-sink.ts';
import type { Step } from '../plan.ts';
import type { RuntimeUnderTest } from '../runtimes.ts';
import type { RunningAgent } from './running-agent.ts';

/** How ours is started. */
interface Variant {
  readonly usage: 'cgroup' | 'runtime';
  /** Profile docker_stats, with the metrics that the receiver has in docker-stats.yaml; else profile semconv. */
  readonly hasReceiverSeries: boolean;
}

/** Starts our agent; resolves once it is ready, or when it pushes after its second push. */
export async function startTidegauge(
  { usage, hasReceiverSeries }: Variant,
  runtime: RuntimeUnderTest,
  step: Step,
  options: BenchOptions,
): Promise<RunningAgent> {
  const sink = await OtlpSink.start();
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-bench-'));
  const receiver = hasReceiverSeries ? await receiverFlags(directory) : [];
  const flags = ['--usage-source', usage, '--otlp-endpoint', sink.url, ...receiver];
  const spawned = await spawnTidegauge(
    runtime,
    step,
    { ...options, agentFlags: [...flags, ...options.agentFlags] },
    directory,
  );
  return {
    ...spawned,
    anchor:
      step.exports === 'prometheus'
        ? performance.now()
        : await secondExport(sink, 1000 * step.intervalSeconds),
    sink,
    [Symbol.asyncDispose]: async () => {
      await spawned[Symbol.asyncDispose]();
      sink.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** Starts the process with the flags that the options name, and waits until it is ready. */
export async function spawnTidegauge(
  runtime: RuntimeUnderTest,
  { exports, intervalSeconds }: Step,
  { program, nodeFlags, agentFlags }: Pick<BenchOptions, 'program' | 'nodeFlags' | 'agentFlags'>,
  directory: string,
): Promise<RunningAgent> {
  const listen = `${ownLoopbackAddress()}:9417`;
  const logFile = join(directory, 'log');
  const settings = {
    'docker-url': `unix://${runtime.socket}`,
    exporter: exports === 'prometheus' ? 'prometheus' : 'otlp,prometheus',
    interval: `${intervalSeconds}s`,
    listen,
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const start = performance.now();
  const daemon = await startDaemon({
    command: process.execPath,
    args: [...nodeFlags, program, 'run', ...flags, ...runtime.agentFlags, ...agentFlags],
    env: { ...(await imageEnvironment()), ...receiverEnvironment(runtime, intervalSeconds) },
    logFile,
    isReady: () =>
      fetch(`http://${listen}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });
  return {
    pid: daemon.pid,
    metricsUrl: `http://${listen}/metrics`,
    readyMillis: performance.now() - start,
    anchor: performance.now(),
    [Symbol.asyncDispose]: async () => {
      if (!daemon.isRunning()) process.stderr.write(`tidegauge ended:\n${await readFile(logFile, 'utf8')}`);
      await daemon.end();
    },
  };
}

/** The receiver's own block, pasted: the same metrics. */
async function receiverFlags(directory: string): Promise<readonly string[]> {
  const config = parse(await readFile(join(import.meta.dirname, 'docker-stats.yaml'), 'utf8'));
  const file = join(directory, 'tidegauge.yaml');
  await writeFile(file, stringify({ docker_stats: config.receivers.docker_stats }));
  return ['--profile', 'docker_stats', '--config', file];
}

function receiverEnvironment(
  { socket, apiVersion }: RuntimeUnderTest,
  intervalSeconds: number,
): Record<string, string> {
  return { DOCKER_SOCKET: socket, API_VERSION: apiVersion, INTERVAL: `${intervalSeconds}s` };
}

/** The first export follows the first probe; the periods begin with the second. */
async function secondExport(sink: OtlpSink, intervalMillis: number): Promise<number> {
  const seen = () => Promise.resolve(sink.received.exports >= 2 ? sink.lastExportAt : undefined);
  return await waitUntil('the second export', seen, 6 * intervalMillis);
}
