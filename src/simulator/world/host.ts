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
