import { createHistogram } from 'node:perf_hooks';
import type { Meter } from '@opentelemetry/api';
import type { ProbeObserver } from '../model/observers.ts';

/** A delay is read up to this much too high: it is a timer's lateness, the timer's own time included. */
const tickMillis = 20;
/** Watched for this long after the last sign of work. */
const watchMillis = 1000;
/** Approximate length of the window of the delays. */
const windowMillis = 60_000;

/** The event loop's delays in the current window, in seconds. */
export interface EventLoopDelays {
  readonly p99: number;
  readonly max: number;
}

/**
 * Measures how late the event loop is, while probes and collections are under way. A loop that rests cannot be late,
 * and a timer that wakes it fifty times a second would be a quarter of what the agent costs.
 */
export class EventLoopDelay implements ProbeObserver {
  readonly #histogram = createHistogram();
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #watchedUntil = 0;
  #windowStart = performance.now();

  /** There is work: watches from now on, or goes on watching. */
  watch(): void {
    const now = performance.now();
    this.#watchedUntil = now + watchMillis;
    if (this.#timer) return;
    this.#tickedAt = now;
    this.#timer = setInterval(() => this.#tick(), tickMillis).unref();
  }

  probeEnded(): void {
    this.watch();
  }

  callEnded(): void {
    this.watch();
  }

  inlineTimedOut(): void {
    this.watch();
  }

  /** Delays of this window; undefined before the first. By time and not by call: readers see the same. */
  read(): EventLoopDelays | undefined {
    if (this.#histogram.count === 0) return undefined;
    const delays = { p99: this.#histogram.percentile(99) / 1e9, max: this.#histogram.max / 1e9 };
    const now = performance.now();
    if (now - this.#windowStart >= windowMillis) {
      this.#histogram.reset();
      this.#windowStart = now;
    }
    return delays;
  }

  /** Ends the measuring. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = performance.now();
    this.#histogram.record(Math.max(1, Math.round((now - this.#tickedAt) * 1e6)));
    this.#tickedAt = now;
    if (now > this.#watchedUntil) this.end();
  }
}

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
