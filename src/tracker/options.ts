import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { DiskUsageNeeds } from '../model/disk-usage.ts';
import type { EventObserver, ProbeObserver } from '../model/observers.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import type { ContainerSource, UsageSource } from '../sources/container-source.ts';
import type { Selection } from './selection.ts';

/** Settings and dependencies of a tracker set. */
export interface TrackerSetOptions {
  readonly source: ContainerSource;
  /** Absent: the source's own. */
  readonly usage?: UsageSource;
  readonly observer: ProbeObserver;
  readonly clock: Clock;
  readonly log: Log;
  /** Receives that the runtime answers, or does not; `log` by default. */
  readonly reachabilityLog?: Log;
  /** Absent: every container is selected. */
  readonly selection?: Selection;
  /** Absent: labels and environment make no attributes. */
  readonly mapper?: IdentityMapper;
  /** Callers that come sooner after the last probe's end do nothing. */
  readonly minProbeIntervalMillis: number;
  /** Deadline of a probe. */
  readonly probeTimeoutMillis: number;
  /** Receives the runtime's events, which then spare lists and inspects. Absent: no stream is opened. */
  readonly events?: EventObserver;
  /** Between two collections: the end of a container that was published for less may have been missed. 10 s by default. */
  readonly collectMillis?: number;
  /** Between two measurements of disk usage; 0 or absent: none. */
  readonly diskUsageIntervalMillis?: number;
  /** What these are for; sums by type by default. */
  readonly diskUsageNeeds?: DiskUsageNeeds;
}
