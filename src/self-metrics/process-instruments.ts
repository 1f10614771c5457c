import type { Meter } from '@opentelemetry/api';
import type { EventLoopDelay } from './event-loop-delay.ts';

/** The build that runs, as attributes of `tidegauge.build.info`. */
export interface Build {
  readonly version: string;
}

/**
 * The agent's own cost under the conventions' names: CPU time, memory, event-loop delay; and its build.
 * @param settled awaited before anything is read, so that what the probe under way records is read with it.
 */
export function observeProcess(
  meter: Meter,
  build: Build,
  delay: EventLoopDelay,
  settled: () => Promise<void>,
): void {
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
    'Event-loop delay while measuring and exporting, in the current minute, 99th percentile',
  );
  const max = gauge('nodejs.eventloop.delay.max', 's', 'Longest event-loop delay in the current minute');
  meter.addBatchObservableCallback(
    async (result) => {
      delay.watch();
      await settled();
      result.observe(info, 1, { version: build.version, 'process.runtime.version': process.versions.node });
      const { user, system } = process.cpuUsage();
      result.observe(cpu, user / 1e6, { 'cpu.mode': 'user' });
      result.observe(cpu, system / 1e6, { 'cpu.mode': 'system' });
      result.observe(memory, process.memoryUsage.rss());
      const delays = delay.read();
      if (!delays) return;
      result.observe(p99, delays.p99);
      result.observe(max, delays.max);
    },
    [info, cpu, memory, p99, max],
  );
}
