import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Meter } from '@opentelemetry/api';

/** Event-loop delays are told for a window of about this length. */
const delayWindowMillis = 60_000;

/** The build that runs, as attributes of `tidegauge.build.info`. */
export interface Build {
  readonly version: string;
}

/**
 * The agent's own cost under the conventions' names: CPU time, memory, event-loop delay; and its build.
 * @param settled awaited before anything is read, so that what the probe under way records is read with it.
 * @returns ends the measuring of the event loop.
 */
export function observeProcess(meter: Meter, build: Build, settled: () => Promise<void>): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let windowStart = performance.now();
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description });
  const info = gauge('tidegauge.build.info', '', 'Always 1; the build, as attributes');
  const cpu = meter.createObservableCounter('process.cpu.time', {
    unit: 's',
    description: 'CPU time of the agent, by mode',
  });
  const memory = meter.createObservableUpDownCounter('process.memory.usage', {
    unit: 'By',
    description: 'Resident memory of the agent',
  });
  const p99 = gauge(
    'nodejs.eventloop.delay.p99',
    's',
    'Event-loop delay in the current minute, 99th percentile',
  );
  const max = gauge('nodejs.eventloop.delay.max', 's', 'Longest event-loop delay in the current minute');
  meter.addBatchObservableCallback(
    async (result) => {
      await settled();
      result.observe(info, 1, { version: build.version, 'process.runtime.version': process.versions.node });
      const { user, system } = process.cpuUsage();
      result.observe(cpu, user / 1e6, { 'cpu.mode': 'user' });
      result.observe(cpu, system / 1e6, { 'cpu.mode': 'system' });
      result.observe(memory, process.memoryUsage.rss());
      if (delay.count === 0) return;
      result.observe(p99, delay.percentile(99) / 1e9);
      result.observe(max, delay.max / 1e9);
      // By time and not by collection: several readers see the same figures.
      if (performance.now() - windowStart < delayWindowMillis) return;
      delay.reset();
      windowStart = performance.now();
    },
    [info, cpu, memory, p99, max],
  );
  return () => delay.disable();
}
