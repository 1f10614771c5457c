import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Measurement } from './measurement.ts';
import type { Step } from './plan.ts';

/** CPU of reading the same containers in one process, in seconds a round. */
export interface ReadingValues {
  readonly ours: number;
  readonly floor: number;
  /** The floor with `net/dev` opened at each round, as it must be: an open one keeps a network namespace alive. */
  readonly floorReopening: number;
  readonly filesPerContainer: number;
  /** Both by each round of the process. */
  readonly rounds: number;
}

/** CPU of the floor at the agents' interval. */
export interface FloorValues {
  readonly cpuSeconds: readonly number[];
  readonly filesPerContainer: number;
  readonly residentMebibytes: number;
}

/** What received our points and was scraped, in one run. */
export interface BackendValues {
  readonly seconds: number;
  readonly points: number;
  readonly pushedBytes: number;
  readonly scrapedSeries: number;
  readonly scrapes: number;
  readonly scrapedBytes: number;
  readonly collector: { readonly cpuSeconds: number; readonly residentMebibytes: number };
  readonly prometheus: { readonly cpuSeconds: number; readonly residentMebibytes: number };
}

/** One line of the file of results. */
export interface Result {
  readonly step: Step;
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
  readonly measurement?: Measurement;
  readonly startSeconds?: readonly number[];
  /** CPU of each start: the same on a busy machine. */
  readonly startCpuSeconds?: readonly number[];
  readonly reading?: ReadingValues;
  readonly floor?: FloorValues;
  readonly backends?: BackendValues;
}

/** The results in a file of JSON lines; none where there is no such file. */
export function readResults(file: string): readonly Result[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Result => JSON.parse(line));
}

/** Adds a result to a file. */
export function addResult(
  file: string,
  step: Step,
  values: Omit<Result, 'step' | 'at' | 'commit' | 'node' | 'machine'>,
): Result {
  const result = { step, at: new Date().toISOString(), ...circumstances(), ...values };
  appendFileSync(file, `${JSON.stringify(result)}\n`);
  return result;
}

/** True for a step of which there is a result. */
export function isMeasured(step: Step, results: readonly Result[]): boolean {
  const wanted = JSON.stringify(step);
  return results.some((result) => JSON.stringify(result.step) === wanted);
}

function circumstances(): Pick<Result, 'commit' | 'node' | 'machine'> {
  const all = cpus();
  const git = ['-C', join(import.meta.dirname, '..'), 'rev-parse', '--short', 'HEAD'];
  return {
    commit: execFileSync('git', git, { encoding: 'utf8' }).trim(),
    node: process.version,
    machine: `${all.length} × ${all[0]?.model ?? 'unknown'}`,
  };
}
