import type { RuntimeCpu } from './processes.ts';

/** Two quantiles of durations, in milliseconds, and of how many. */
export interface Quantiles {
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly count: number;
}

/** Cost of one agent on one runtime. */
export interface Measurement {
  readonly runtime: string;
  readonly containers: number;
  readonly agent: string;
  readonly exports: string;
  readonly program: string;
  readonly intervalSeconds: number;
  /** Intervals in the window, and those in which everything was measured anew. */
  readonly cycles: number;
  readonly completed: number;
  /** Rounds over all containers; of our agent only, the peer does not count them. */
  readonly probes: number | undefined;
  /** Scrapes or exports that did not wait for their probe. */
  readonly inlineTimeouts: number | undefined;
  readonly exported: { readonly exports: number; readonly requests: number; readonly bytes: number };
  /** CPU seconds per completed cycle, the runtime's without its idle cost. */
  readonly cpuPerCycle: RuntimeCpu & {
    readonly agent: number;
    readonly runtime: number;
    readonly total: number;
  };
  readonly idlePerSecond: RuntimeCpu;
  readonly residentMebibytes: { readonly mean: number; readonly max: number };
  /** The agent's own `nodejs.eventloop.delay.max`: in the minute of its start, and later. */
  readonly blockMillis: { readonly start: number | undefined; readonly later: number | undefined };
  /** Once per cycle. Of our agent these wait for a probe; the peer serves them from its cache. */
  readonly scrape: Quantiles;
  /** Right after each other: our agent serves these from its cache too. */
  readonly cachedScrape: Quantiles;
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
