import type { Clock } from '../../clock.ts';
import type { ByteEncoding, ByteReader, SharedBytes } from '../../concurrency/shared-bytes.ts';
import type { ExpositionFormat } from './text-format.ts';

/** What a scraper requests. */
export interface ScrapeRequest {
  readonly format: ExpositionFormat;
  readonly encoding: ByteEncoding;
  /** Equal for all scrapes of one scraper. */
  readonly scraper: string;
}

/** A page that is being rendered, or is ready. */
export interface OpenedPage {
  readonly body: SharedBytes;
  /** Reads it from its beginning. */
  readonly reader: ByteReader;
  /** True once what the page shows of the containers has changed. */
  readonly isOutdated: () => boolean;
}

/** Makes pages. */
export interface PageSource {
  /**
   * Probes, collects and begins to render. Rejects when there is nothing to show.
   * @param waitedMillis what the scrape has waited before: its time-outs are shorter by that.
   */
  open(
    request: Pick<ScrapeRequest, 'format' | 'encoding'>,
    scrapeTimeoutSeconds: number | undefined,
    onCut: () => void,
    waitedMillis?: number,
  ): Promise<OpenedPage>;
}

/** End of a page that was prepared: given out, changed before its scrape came, or the scrape never came. */
export const preparedOutcomes = ['served', 'outdated', 'unused'] as const;

/** Settings of {@link PreparedScrapes}. */
interface PreparedScrapesOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Called with the end of each prepared page. */
  readonly onPrepared: (outcome: (typeof preparedOutcomes)[number]) => void;
}

/** Each may hold a page. */
const maxSchedules = 8;

/**
 * Answers scrapes that come at a steady period with a page that was made shortly before: a scraper waits neither for a
 * probe nor for the rendering. Other scrapes are answered by the source. One schedule for each scraper and what it
 * requests; one whose scrape does not come ends until its period is seen again, so that a page is never made for nobody.
 * One whose pages are outdated when their scrapes come leaves out more and more periods.
 */
export class PreparedScrapes {
  readonly #source: PageSource;
  readonly #options: PreparedScrapesOptions;
  /** The one whose scrape is the longest ago comes first. */
  readonly #schedules = new Map<string, Schedule>();

  constructor(source: PageSource, options: PreparedScrapesOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** The exposition; see {@link PageSource.open}. */
  async scrape(
    request: ScrapeRequest,
    scrapeTimeoutSeconds: number | undefined,
    onCut: () => void,
  ): Promise<ByteReader> {
    return await this.#scheduleOf(request).scrape(scrapeTimeoutSeconds, onCut);
  }

  /** Lets go of everything that is prepared. */
  close(): void {
    for (const schedule of this.#schedules.values()) schedule.close();
    this.#schedules.clear();
  }

  #scheduleOf(request: ScrapeRequest): Schedule {
    const key = `${request.format} ${request.encoding} ${request.scraper}`;
    const schedule = this.#schedules.get(key) ?? new Schedule(this.#source, request, this.#options);
    this.#schedules.delete(key);
    this.#schedules.set(key, schedule);
    const [oldest] = this.#schedules;
    if (oldest && this.#schedules.size > maxSchedules) {
      this.#schedules.delete(oldest[0]);
      oldest[1].close();
    }
    return schedule;
  }
}

/** Scrapes that come more often mostly find a probe that is young enough. */
const minPeriodMillis = 2000;
/** Beyond this a scraper is as well served without. */
const maxPeriodMillis = 300_000;
/** A page is ready so long before its scrape is expected. */
const maxMarginMillis = 500;
/** A scrape may be so much later than expected. */
const maxLateMillis = 1000;
/** Periods that are left out where every page is outdated before its scrape. */
const maxSkippedPeriods = 64;

/** The scrapes of one scraper, and the page for the next one. */
class Schedule {
  readonly #source: PageSource;
  readonly #request: ScrapeRequest;
  readonly #options: PreparedScrapesOptions;
  /** When the last scrapes came; on the monotonic clock. */
  #arrivals: readonly number[] = [];
  /** What the last pages took, in milliseconds. */
  #durations: readonly number[] = [];
  /** When the last page was whole. */
  #wholeAt = -Infinity;
  #timeoutSeconds: number | undefined;
  #waiting = new AbortController();
  #prepared: PreparedPage | undefined;
  /** Prepared pages in a row that their scrapes could not be given. */
  #outdatedInRow = 0;
  /** Periods for which nothing is prepared. */
  #periodsToSkip = 0;
  #isClosed = false;

  constructor(source: PageSource, request: ScrapeRequest, options: PreparedScrapesOptions) {
    this.#source = source;
    this.#request = request;
    this.#options = options;
  }

  async scrape(timeoutSeconds: number | undefined, onCut: () => void): Promise<ByteReader> {
    const { clock } = this.#options;
    const begun = clock.monotonic();
    this.#timeoutSeconds = timeoutSeconds;
    const prepared = this.#arrive();
    const reader = await prepared?.read(onCut);
    if (prepared) this.#count(reader ? 'served' : 'outdated');
    return reader ?? (await this.#open(onCut, clock.monotonic() - begun)).reader;
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.abort();
    this.#prepared?.drop();
    this.#prepared = undefined;
  }

  /** Pages that are made and never given out cost a probe each: after two of them, fewer and fewer are made. */
  #count(outcome: 'served' | 'outdated'): void {
    this.#outdatedInRow = outcome === 'outdated' ? this.#outdatedInRow + 1 : 0;
    if (this.#outdatedInRow >= 2)
      this.#periodsToSkip = Math.min(maxSkippedPeriods, 2 ** (this.#outdatedInRow - 1));
    this.#options.onPrepared(outcome);
  }

  /** Gives the page that was prepared for this scrape, and plans the next one. */
  #arrive(): PreparedPage | undefined {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    this.#waiting.abort();
    const now = this.#options.clock.monotonic();
    this.#arrivals = [...this.#arrivals.slice(-2), now];
    const period = steadyPeriod(this.#arrivals);
    if (period !== undefined && !this.#isClosed) void this.#prepare(now + period, period);
    return prepared;
  }

  /** @param expectedAt when the scrape should come, on the monotonic clock. */
  async #prepare(expectedAt: number, period: number): Promise<void> {
    const { clock, onPrepared } = this.#options;
    const { signal } = (this.#waiting = new AbortController());
    const leadMillis = Math.max(...this.#durations, 0) + Math.min(maxMarginMillis, period / 20);
    const isReached = (at: number): Promise<boolean> =>
      clock.sleep(Math.max(0, at - clock.monotonic()), signal).then(
        () => !signal.aborted,
        () => false,
      );
    if (!(await isReached(expectedAt - Math.min(leadMillis, period / 2)))) return;
    // What was measured shortly before would be shown once more, as a probe that comes so soon after another does nothing.
    if (!(await isReached(Math.min(this.#wholeAt + period / 2, expectedAt)))) return;
    if (this.#periodsToSkip > 0) {
      this.#periodsToSkip -= 1;
      return;
    }
    const prepared = new PreparedPage((onCut) => this.#open(onCut));
    this.#prepared = prepared;
    if (!(await isReached(expectedAt + lateMillis(period)))) return;
    this.#prepared = undefined;
    this.#arrivals = [];
    prepared.drop();
    onPrepared('unused');
  }

  /** Opens a page and measures what it takes. */
  async #open(onCut: () => void, waitedMillis = 0): Promise<OpenedPage> {
    const { clock } = this.#options;
    const begun = clock.monotonic();
    const page = await this.#source.open(this.#request, this.#timeoutSeconds, onCut, waitedMillis);
    void page.body.ended.then(() => {
      this.#wholeAt = clock.monotonic();
      this.#durations = [...this.#durations.slice(-1), this.#wholeAt - begun];
    });
    return page;
  }
}

/** A page that waits for its scrape. */
class PreparedPage {
  /** Undefined where there is none: the scrape then finds out why. */
  readonly #opened: Promise<OpenedPage | undefined>;
  #isCut = false;

  constructor(open: (onCut: () => void) => Promise<OpenedPage>) {
    this.#opened = open(() => {
      this.#isCut = true;
    }).catch(() => undefined);
  }

  /** Hands the page over; undefined where it holds no more. */
  async read(onCut: () => void): Promise<ByteReader | undefined> {
    const page = await this.#opened;
    const holds = page && !this.#isCut && !page.body.isAbandoned && !page.isOutdated();
    const reader = holds ? page.body.read(onCut) : undefined;
    this.drop();
    return reader;
  }

  /** What nobody reads is let go. */
  drop(): void {
    void this.#opened.then((page) => page?.reader.return?.());
  }
}

/** The period of the last three scrapes; undefined where there is none. One that came late does not make it longer. */
function steadyPeriod([first, second, third]: readonly number[]): number | undefined {
  if (first === undefined || second === undefined || third === undefined) return undefined;
  const distances = [second - first, third - second] as const;
  const period = Math.min(...distances);
  const isSteady = Math.max(...distances) - period <= lateMillis(period);
  return isSteady && period >= minPeriodMillis && period <= maxPeriodMillis ? period : undefined;
}

function lateMillis(period: number): number {
  return Math.min(maxLateMillis, period / 10);
}
