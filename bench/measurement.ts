import type { RuntimeCpu } from './processes.ts';

/** Cost of one agent on one runtime. */
export interface Measurement {
  readonly program: string;
  /** Intervals in which everything was measured anew. */
  readonly completed: number;
  /** Rounds over all containers; of our agent only, the peers do not count them. */
  readonly probes: number | undefined;
  /** Scrapes or exports that did not wait for their probe. */
  readonly inlineTimeouts: number | undefined;
  readonly exported: {
    readonly exports: number;
    readonly requests: number;
    readonly bytes: number;
    readonly points: number;
  };
  /** CPU seconds per completed cycle, the runtime's without its idle cost. */
  readonly cpuPerCycle: RuntimeCpu & {
    readonly agent: number;
    readonly runtime: number;
    readonly total: number;
  };
  readonly idlePerSecond: RuntimeCpu;
  readonly residentMebibytes: { readonly mean: number; readonly max: number };
  /** The agent's own `nodejs.eventloop.delay.max`: in the minute of its start, and later. */
  readonly blockMillis: { readonly start?: number; readonly later?: number };
  /** One per cycle. Of our agent these wait for a probe; the peers serve them from what they hold. */
  readonly scrapeMillis: readonly number[];
  /** Scrapes that got no page, those that warm up included. */
  readonly failedScrapes?: number;
  /** Right after each other: our agent serves these, too, from what it holds. */
  readonly cachedScrapeMillis: readonly number[];
  readonly scrapeBytes: number;
  readonly series: number;
  readonly containerSeries: number;
  readonly readySeconds: number | undefined;
  /** Processors busy with other processes than agent and runtime, and the load average: the noise. */
  readonly others: number;
  readonly load: number;
  /** Calls to the runtime in the window, where it counts them. */
  readonly calls: Readonly<Record<string, number>> | undefined;
}
