import type { SimulatedEngineOptions } from '../options.ts';
import type { HostSize } from './workload.ts';

/** The host that the simulated engine pretends to run on, and the versions it claims. */
export interface EngineHost extends HostSize {
  readonly hostname: string;
  readonly cgroup: 1 | 2;
  /** Unix time in ms; the host's CPU counter grows from here. */
  readonly bootedAt: number;
  readonly engineVersion: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
}

/** Releases that spoke these API versions, where Docker's own matrix names one. */
const releases: Readonly<Record<string, string>> = {
  '1.41': '20.10.24',
  '1.43': '24.0.9',
  '1.44': '25.0.5',
  '1.47': '27.5.1',
  '1.51': '28.5.2',
  '1.52': '29.0.0',
};

const uptimeMillis = 12 * 24 * 3_600_000;

/** The host that the options describe, booted twelve days ago. */
export function createHost(options: SimulatedEngineOptions, now: number): EngineHost {
  const apiVersion = options.apiVersion ?? '1.51';
  return {
    hostname: options.hostname ?? 'simulated-host',
    cpus: options.cpus ?? 8,
    memoryBytes: options.memoryBytes ?? 16 * 2 ** 30,
    cgroup: options.cgroup ?? 2,
    bootedAt: now - uptimeMillis,
    apiVersion,
    minApiVersion: options.minApiVersion ?? '1.24',
    engineVersion: options.engineVersion ?? releases[apiVersion] ?? '28.5.2',
  };
}
