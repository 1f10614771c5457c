import { join } from 'node:path';
import { startCollector } from '../../test/support/real/collector.ts';
import { OtlpSink } from '../otlp-sink.ts';
import type { Step } from '../plan.ts';
import type { RuntimeUnderTest } from '../runtimes.ts';
import type { RunningAgent } from './running-agent.ts';

/** The receiver's `initial_delay` in its configuration. */
const delayMillis = 1000;

/** Starts a Collector with the docker_stats receiver, by one of the configurations beside this file. */
export async function startReceiver(
  configFile: string,
  runtime: RuntimeUnderTest,
  { exports, intervalSeconds }: Step,
): Promise<RunningAgent> {
  const sink = await OtlpSink.start();
  const collector = await startCollector({
    configFile: join(import.meta.dirname, configFile),
    env: {
      DOCKER_SOCKET: runtime.socket,
      API_VERSION: runtime.apiVersion,
      INTERVAL: `${intervalSeconds}s`,
      OTLP_SINK: sink.url,
      EXPORTERS: exports === 'prometheus' ? '[prometheus]' : '[prometheus, otlphttp]',
    },
  });
  return {
    pid: collector.pid,
    metricsUrl: collector.prometheusUrl,
    anchor: performance.now() + delayMillis,
    sink,
    [Symbol.asyncDispose]: async () => {
      await collector[Symbol.asyncDispose]();
      sink.close();
    },
  };
}
