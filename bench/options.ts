import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** A Docker Engine that the benchmark can run against. */
export type BenchRuntime = '20.10' | 'current' | 'simulated';

/** Exporters while measuring: the scraped page alone, or a push besides. */
export type Exports = 'prometheus' | 'prometheus+otlp';

/** Where our agent reads usage. */
export type BenchUsage = 'cgroup' | 'runtime';

/** Settings of a benchmark. */
export interface BenchOptions {
  readonly runtimes: readonly BenchRuntime[];
  /** Absent: 200 real ones, 1,000 simulated ones. */
  readonly containers: number | undefined;
  /** Whole intervals in a window, after those that warm up. */
  readonly cycles: number;
  readonly warmUpCycles: number;
  readonly intervalMillis: number;
  readonly peer: boolean;
  readonly exports: readonly Exports[];
  readonly usageSources: readonly BenchUsage[];
  /** When in an interval that began with a push or a peer's collection the scrape comes, 0..1. */
  readonly scrapePhase: number;
  /** The measured program: `dist/main.js`, `src/main.ts`, or another build. */
  readonly program: string;
  /** Before the program, for profiles. */
  readonly nodeFlags: readonly string[];
}

/** Names the flags. */
export const helpText = `node bench/bench.ts [flags]
  --engine 20.10|current|simulated  repeatable; simulated
  --containers N                    200 real, 1,000 simulated
  --cycles N                        intervals measured; 12, for shims collect garbage every 30 s: take multiples of 3
  --warm-up N                       intervals before those; 2
  --interval N[s]                   10s
  --exports prometheus|prometheus+otlp  repeatable; both
  --usage-source cgroup|runtime     repeatable; both, of simulated containers runtime alone
  --scrape-phase 0..1               of the interval, after the push; 0.6: far enough that a scrape probes anew
  --[no-]dist                       dist/main.js or src/main.ts; dist when it is there
  --program FILE                    another build of ours, to compare with
  --node-flag FLAG                  repeatable; for our agent, such as --cpu-prof
  --peer                            the Collector's docker_stats receiver as well, on the same runtime
`;

const root = join(import.meta.dirname, '..');

/** Reads the command line; throws an Error that names the flag at fault. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      engine: { type: 'string', multiple: true, default: ['simulated'] },
      containers: { type: 'string' },
      cycles: { type: 'string', default: '12' },
      'warm-up': { type: 'string', default: '2' },
      interval: { type: 'string', default: '10s' },
      exports: { type: 'string', multiple: true, default: ['prometheus', 'prometheus+otlp'] },
      'usage-source': { type: 'string', multiple: true, default: ['cgroup', 'runtime'] },
      'scrape-phase': { type: 'string', default: '0.6' },
      dist: { type: 'boolean', default: existsSync(join(root, 'dist/main.js')) },
      program: { type: 'string' },
      'node-flag': { type: 'string', multiple: true, default: [] },
      peer: { type: 'boolean', default: false },
    },
  });
  return {
    runtimes: values.engine.map(runtimeOf),
    containers: values.containers === undefined ? undefined : whole('--containers', values.containers),
    cycles: whole('--cycles', values.cycles),
    warmUpCycles: whole('--warm-up', values['warm-up']),
    intervalMillis: 1000 * whole('--interval', values.interval.replace(/s$/, '')),
    peer: values.peer,
    exports: values.exports.map(exportsOf),
    usageSources: values['usage-source'].map(usageOf),
    scrapePhase: Number(values['scrape-phase']),
    program: resolve(values.program ?? join(root, values.dist ? 'dist/main.js' : 'src/main.ts')),
    nodeFlags: values['node-flag'],
  };
}

function runtimeOf(value: string): BenchRuntime {
  if (value === '20.10' || value === 'current' || value === 'simulated') return value;
  throw new Error(`--engine ${value}: expected 20.10, current or simulated`);
}

function exportsOf(value: string): Exports {
  if (value === 'prometheus' || value === 'prometheus+otlp') return value;
  throw new Error(`--exports ${value}: expected prometheus or prometheus+otlp`);
}

function usageOf(value: string): BenchUsage {
  if (value === 'cgroup' || value === 'runtime') return value;
  throw new Error(`--usage-source ${value}: expected cgroup or runtime`);
}

function whole(flag: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${flag} ${value}: expected a whole number ≥ 1`);
  return number;
}
