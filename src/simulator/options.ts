import type { ContainerSpec } from './world/container-spec.ts';
import type { Endpoint, Fault, FaultScope } from './server/faults.ts';

/** A fault that is on from the start. */
interface StartFault extends FaultScope {
  readonly endpoint: Endpoint;
  readonly fault: Fault;
}

/** Options of a simulated engine; all have defaults. */
export interface SimulatedEngineOptions {
  /** The same seed gives the same containers, ids and values; 1. */
  readonly seed?: number | string;
  /** `demo`: a dozen containers that live through crash loops, OOM kills and churn; `none` (default): none. */
  readonly scenario?: 'demo' | 'none';
  /** That many generated ordinary containers besides; 0. */
  readonly containers?: number;
  /** Besides, containers whose names and labels are made to break things; false. */
  readonly hostile?: boolean;
  /** Containers of one's own that are there from the start. */
  readonly specs?: readonly ContainerSpec[];
  /** Path of the unix socket; a private one in a fresh 0700 directory. */
  readonly socket?: string;
  /** Also a TCP port on 127.0.0.1; 0 lets the system choose. */
  readonly port?: number;
  /** The time in ms; given, the world moves only when asked or by `advance`, else a timer moves it too. */
  readonly now?: () => number;
  readonly cgroup?: 1 | 2;
  /** Highest and lowest API version; 1.51 and 1.24. */
  readonly apiVersion?: string;
  readonly minApiVersion?: string;
  /** Version in `/version` and the Server header; by default one that fits the API version. */
  readonly engineVersion?: string;
  readonly hostname?: string;
  /** CPUs and memory of the host; 8 and 16 GiB. */
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /** Real time between the engine's own samples, which two-sample and streamed stats wait for; 1000 ms. */
  readonly tickMillis?: number;
  /** One-shot samples wait for the next tick, as before Engine 25; false. */
  readonly tickWait?: boolean;
  readonly faults?: readonly StartFault[];
}
