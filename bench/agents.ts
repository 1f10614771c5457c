import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownLoopbackAddress, startDaemon, waitUntil } from '../test/support/real/daemon.ts';
import { imageEnvironment } from '../test/support/real/built-agent.ts';
import { startCollector } from '../test/support/real/collector.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import type { BenchOptions, BenchUsage, Exports } from './options.ts';
import { OtlpSink } from './otlp-sink.ts';

/** The receiver's `initial_delay` in docker-stats.yaml. */
const peerDelayMillis = 1000;

/** An agent that runs. */
export interface RunningAgent extends AsyncDisposable {
  readonly pid: number;
  readonly metricsUrl: string;
  /**
   * Milliseconds from the start of the process to the end of its first probe; absent where the agent has no
   * sign of it.
   */
  readonly readyMillis: number | undefined;
  /** When one of its periods began, on the clock of `performance.now()`. */
  readonly anchor: number;
  readonly sink: OtlpSink;
}

/** Starts one kind of agent on a runtime. */
export interface AgentKind {
  readonly name: 'tidegauge, kernel' | 'tidegauge, API' | 'docker_stats';
  readonly exports: Exports;
  start(runtime: RuntimeUnderTest, options: BenchOptions): Promise<RunningAgent>;
}

const names = { cgroup: 'tidegauge, kernel', runtime: 'tidegauge, API' } as const;

/** The agents that are compared, peers first. */
export function agentKinds({ peer, exports, usageSources }: BenchOptions): AgentKind[] {
  return exports.flatMap((each) => [
    ...(peer
      ? [{ name: 'docker_stats' as const, exports: each, start: startPeer.bind(undefined, each) }]
      : []),
    ...usageSources.map((source) => ({
      name: names[source],
      exports: each,
      start: startTidegauge.bind(undefined, each, source),
    })),
  ]);
}

async function startTidegauge(
  exports: Exports,
  source: BenchUsage,
  runtime: RuntimeUnderTest,
  { program, nodeFlags, intervalMillis }: BenchOptions,
): Promise<RunningAgent> {
  const sink = await OtlpSink.start();
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-bench-'));
  const listen = `${ownLoopbackAddress()}:9417`;
  const settings = {
    'docker-url': `unix://${runtime.socket}`,
    'usage-source': source,
    exporter: exports === 'prometheus' ? 'prometheus' : 'otlp,prometheus',
    interval: `${intervalMillis / 1000}s`,
    'otlp-endpoint': sink.url,
    listen,
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const logFile = join(directory, 'log');
  const env = await imageEnvironment();
  const start = performance.now();
  const daemon = await startDaemon({
    command: process.execPath,
    args: [...nodeFlags, program, 'run', ...flags],
    env,
    logFile,
    isReady: () =>
      fetch(`http://${listen}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });
  const readyMillis = performance.now() - start;
  return {
    pid: daemon.pid,
    metricsUrl: `http://${listen}/metrics`,
    readyMillis,
    anchor: exports === 'prometheus' ? performance.now() : await secondExport(sink, intervalMillis),
    sink,
    [Symbol.asyncDispose]: async () => {
      if (!daemon.isRunning()) process.stderr.write(`tidegauge ended:\n${await readFile(logFile, 'utf8')}`);
      await daemon.end();
      sink.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The first export follows the first probe; the periods begin with the second. */
async function secondExport(sink: OtlpSink, intervalMillis: number): Promise<number> {
  const seen = () => Promise.resolve(sink.received.exports >= 2 ? sink.lastExportAt : undefined);
  return await waitUntil('the second export', seen, 3 * intervalMillis);
}

async function startPeer(
  exports: Exports,
  runtime: RuntimeUnderTest,
  { intervalMillis }: BenchOptions,
): Promise<RunningAgent> {
  const sink = await OtlpSink.start();
  const collector = await startCollector({
    configFile: join(import.meta.dirname, 'docker-stats.yaml'),
    env: {
      DOCKER_SOCKET: runtime.socket,
      API_VERSION: runtime.apiVersion,
      INTERVAL: `${intervalMillis / 1000}s`,
      OTLP_SINK: sink.url,
      EXPORTERS: exports === 'prometheus' ? '[prometheus]' : '[prometheus, otlphttp]',
    },
  });
  return {
    pid: collector.pid,
    metricsUrl: collector.prometheusUrl,
    readyMillis: undefined,
    anchor: performance.now() + peerDelayMillis,
    sink,
    [Symbol.asyncDispose]: async () => {
      await collector[Symbol.asyncDispose]();
      sink.close();
    },
  };
}
