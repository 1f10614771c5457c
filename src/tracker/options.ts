import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { EventObserver, ProbeObserver } from '../model/observers.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import type { ContainerSource } from '../sources/container-source.ts';
import type { Selection } from './selection.ts';

/** What a tracker set is made of. */
export interface TrackerSetOptions {
  readonly source: ContainerSource;
  readonly observer: ProbeObserver;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: every container is measured. */
  readonly selection?: Selection;
  /** Absent: labels and environment make no attributes. */
  readonly mapper?: IdentityMapper;
  /** Callers that come sooner after the last probe's end do nothing. */
  readonly minProbeIntervalMillis: number;
  /** After this a probe is given up. */
  readonly probeTimeoutMillis: number;
  /**
   * Hears the runtime's events, so that it need not be asked what they tell; for those that stay. Absent: nobody listens.
   */
  readonly events?: EventObserver;
  /** Between two collections: an end that was in sight for less may have been missed. 10 s by default. */
  readonly collectMillis?: number;
  /** Between two measurements of disk usage; 0 or absent: none. */
  readonly diskUsageIntervalMillis?: number;
}
