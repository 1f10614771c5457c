import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type {
  DiskUsage,
  DiskUsageNeeds,
  DiskUsageReport,
  Filesystem,
  ContainerFilesystem,
} from '../model/disk-usage.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { ContainerSource } from '../sources/container-source.ts';
import { toSourceError, type SourceErrorCode } from '../sources/source-error.ts';

const firstRetryMillis = 4000;
/** Maximum pause after a failed call, if the interval is longer. */
const maxAwayMillis = 60_000;

/** Options of a {@link DiskUsageSchedule}. */
export interface DiskUsageScheduleOptions {
  readonly source: ContainerSource;
  readonly clock: Clock;
  readonly log: Log;
  /** From the end of one measurement to the begin of the next. */
  readonly intervalMillis: number;
  readonly needs: DiskUsageNeeds;
  /** The file system of the runtime's containers now; undefined where it cannot be reached. Throws SourceError. */
  readonly filesystem?: () => Promise<Filesystem | undefined>;
  /** What is in use of each file system of the host now. Throws SourceError. */
  readonly hostFilesystems?: () => Promise<readonly ContainerFilesystem[] | undefined>;
}

/**
 * Measures the disk usage of one runtime on a schedule of its own: the runtime walks every layer and volume for it,
 * which takes minutes on slow disks. One call at a time, beside the probes and never in them; failures are counted.
 */
export class DiskUsageSchedule {
  readonly #options: DiskUsageScheduleOptions;
  readonly #failures = new Map<string, number>();
  readonly #since: number;
  readonly #closed = new AbortController();
  #isBegun = false;
  #isFailing = false;
  #last: Omit<DiskUsageReport, 'failures' | 'since'> = {};
  readonly #ofContainers = new Map<string, ContainerFilesystem>();

  constructor(options: DiskUsageScheduleOptions) {
    this.#options = options;
    this.#since = options.clock.now();
  }

  /** The latest result; undefined until the first measurement has ended. */
  get report(): DiskUsageReport | undefined {
    if (this.#last.seconds === undefined) return undefined;
    return { ...this.#last, failures: new Map(this.#failures), since: this.#since };
  }

  /** Measures now and then by the interval, until it is closed. A second call does nothing. Never rejects. */
  async run(): Promise<void> {
    if (this.#isBegun) return;
    this.#isBegun = true;
    const { clock } = this.#options;
    let failuresInARow = 0;
    while (!this.#closed.signal.aborted) {
      const error = await this.#measure();
      failuresInARow = error === undefined ? 0 : failuresInARow + 1;
      const pauseMillis = this.#pauseMillis(error, failuresInARow);
      await clock.sleep(pauseMillis, this.#closed.signal).catch(() => undefined);
    }
  }

  /** The snapshot with its container's part of the file system, as last measured. */
  withFilesystem(snapshot: ContainerSnapshot): ContainerSnapshot {
    const filesystem = this.#ofContainers.get(snapshot.identity.id);
    return filesystem ? { ...snapshot, filesystem } : snapshot;
  }

  /** Gives up the measurement under way. */
  close(): void {
    this.#closed.abort();
  }

  /**
   * Engines before 23.0 refuse to measure for two at once ("already running", Moby daemon/disk_usage.go): the pause
   * after a failure begins short, grows, and differs between agents, so that they do not meet again and again.
   */
  #pauseMillis(error: SourceErrorCode | undefined, failuresInARow: number): number {
    const { intervalMillis } = this.#options;
    if (error !== 'unreachable' && error !== 'runtime-error') return intervalMillis;
    const grown = firstRetryMillis * 2 ** (failuresInARow - 1) * (0.5 + Math.random());
    return Math.min(grown, intervalMillis, error === 'unreachable' ? maxAwayMillis : Infinity);
  }

  /** The type of the failure, if it was one. */
  async #measure(): Promise<SourceErrorCode | undefined> {
    const { source, clock, needs } = this.#options;
    const start = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - start) / 1000;
    try {
      const usage = await source.diskUsage?.(this.#closed.signal, needs);
      const taken = seconds();
      await this.#succeeded(usage ?? {}, taken);
      return undefined;
    } catch (thrown) {
      const error = toSourceError(thrown, 'disk usage');
      if (this.#closed.signal.aborted) return error.code;
      this.#count(error.code);
      this.#last = { seconds: seconds() };
      this.#ofContainers.clear();
      this.#logChange(true, error.message);
      return error.code;
    }
  }

  /** What does not respond is absent, and counted. */
  async #reached<T>(read: (() => Promise<T>) | undefined): Promise<T | undefined> {
    try {
      return this.#options.needs.containers ? await read?.() : undefined;
    } catch (thrown) {
      this.#count(toSourceError(thrown, 'file system').code);
      return undefined;
    }
  }

  #count(code: SourceErrorCode): void {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
  }

  async #succeeded(usage: DiskUsage, seconds: number): Promise<void> {
    const { clock } = this.#options;
    const [filesystem, hostFilesystems] = await Promise.all([
      this.#reached(this.#options.filesystem),
      this.#reached(this.#options.hostFilesystems),
    ]);
    this.#last = {
      usage,
      measuredAt: clock.now(),
      seconds,
      ...(filesystem && { filesystem }),
      ...(hostFilesystems && { hostFilesystems }),
    };
    this.#ofContainers.clear();
    for (const [id, usageBytes] of usage.writableLayers ?? [])
      this.#ofContainers.set(id, { usageBytes, ...(filesystem && { filesystem }) });
    this.#logChange(false);
  }

  /** Once per change, not once per measurement. */
  #logChange(isFailing: boolean, error?: string): void {
    const { source, log } = this.#options;
    if (isFailing && !this.#isFailing)
      log.warn({ runtime: source.name, error }, 'disk usage cannot be measured');
    if (!isFailing && this.#isFailing) log.info({ runtime: source.name }, 'disk usage is measured again');
    this.#isFailing = isFailing;
  }
}
