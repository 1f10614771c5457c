import { connect } from 'node:net';
import { ConfigError } from '../../config/config-error.ts';
import { shownOtlpUrl } from '../../config/types/otlp-url.ts';
import type { Config } from '../../config/settings/settings.ts';
import type { OtlpReceiver } from '../../simulator/start.ts';
import type { SimulatedEngine } from '../../simulator/simulated-engine.ts';
import type { CommandContext } from '../command.ts';

/** Containers of the demo's scenario; more are ordinary ones. */
const scenarioContainers = 12;
/** A collector on this machine answers at once or not at all. */
const collectorTimeoutMillis = 500;

/** Simulated or replayed runtimes of `--demo` or `--replay`; without them, nothing. */
export interface Demo {
  /** The configuration with the simulated engine, and with our own receiver where no collector answers. */
  applyTo(config: Config): Config;
  printAddresses(metricsUrl: string): void;
  close(): Promise<void>;
}

/** The kernel has no files of simulated containers. */
const ofSimulation = 'runtime';

const noDemo: Demo = {
  applyTo: (config) => config,
  printAddresses: () => undefined,
  close: () => Promise.resolve(),
};

/** Starts the demo or replay of the configuration. Only here is the simulator imported: other starts skip it. */
export async function withDemo({ config, stdout }: Pick<CommandContext, 'config' | 'stdout'>): Promise<Demo> {
  if (config.replay !== undefined) return replaying(config.replay);
  if (!config.demo) return noDemo;
  const { demoSeed: seed, demoContainers } = config;
  const containers = Math.max(0, demoContainers - scenarioContainers);
  const { startSimulatedEngine } = await import('../../simulator/start.ts');
  const runtime = await startSimulatedEngine({ scenario: 'demo', seed, containers });
  const pushes = config.exporter.includes('otlp') && !config.sdkDisabled;
  const receiver = pushes && !(await isListening(config.otlpEndpoint)) ? await startReceiver() : undefined;
  return {
    applyTo: (given) => ({
      ...given,
      dockerUrl: [runtime.url],
      usageSource: ofSimulation,
      ...(receiver && { otlpEndpoint: receiver.url }),
    }),
    printAddresses: (metricsUrl) => stdout.write(addressesText({ config, runtime, receiver, metricsUrl })),
    close: async () => {
      receiver?.close();
      await runtime.close();
    },
  };
}

/**
 * Runs a command that prints and ends over the demo or replay of its configuration, which ends with it. Gives its exit
 * code.
 */
export async function inDemo<Context extends Pick<CommandContext, 'config' | 'stdout'>>(
  context: Context,
  run: (context: Context) => Promise<number>,
): Promise<number> {
  const demo = await withDemo(context);
  try {
    return await run({ ...context, config: demo.applyTo(context.config) });
  } finally {
    await demo.close();
  }
}

async function startReceiver(): Promise<OtlpReceiver> {
  const { OtlpReceiver: Receiver } = await import('../../simulator/start.ts');
  return Receiver.start();
}

async function replaying(directory: string): Promise<Demo> {
  const { RecordingError } = await import('../../simulator/replay/recording.ts');
  const { startReplay } = await import('../../simulator/replay/start.ts');
  const runtime = await startReplay(directory).catch((error: unknown) => {
    if (!(error instanceof RecordingError)) throw error;
    throw new ConfigError(error.problems.map((problem) => `--replay: ${problem}`));
  });
  return {
    applyTo: (given) => ({ ...given, dockerUrl: [runtime.url], usageSource: ofSimulation }),
    printAddresses: () => undefined,
    close: () => runtime.close(),
  };
}

interface Scene {
  readonly config: Config;
  readonly runtime: SimulatedEngine;
  readonly receiver: OtlpReceiver | undefined;
  readonly metricsUrl: string;
}

function addressesText({ config, runtime, receiver, metricsUrl }: Scene): string {
  const target = receiver
    ? `no collector answers at ${config.otlpEndpoint.origin}: pushing to a receiver inside this process instead`
    : `pushing to ${shownOtlpUrl(config.otlpEndpoint)}`;
  return [
    `Tidegauge measures ${runtime.names.length} simulated containers.`,
    `  Prometheus  curl ${metricsUrl}`,
    ...(config.exporter.includes('otlp') ? [`  OTLP        ${target}`] : []),
    `  Engine      DOCKER_HOST=${runtime.url} docker ps`,
    'Stop it with Ctrl-C.',
    '',
  ].join('\n');
}

/** True when a server listens there. */
function isListening(url: URL): Promise<boolean> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const socket = connect({ host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port });
  return new Promise((resolve) => {
    const settle = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(collectorTimeoutMillis, () => settle(false));
    socket.on('connect', () => settle(true)).on('error', () => settle(false));
  });
}
