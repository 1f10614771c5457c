/** What a scraper gets: a format and the content type that names it. */
export interface AcceptedFormat {
  readonly format: 'text' | 'openmetrics';
  readonly contentType: string;
}

interface Offer extends AcceptedFormat {
  readonly type: string;
  readonly version: string;
}

interface MediaRange {
  readonly type: string;
  /** Absent: any. */
  readonly version: string | undefined;
  readonly quality: number;
}

/** OpenMetrics 0.0.1 was the name under which 1.0 was tried; the text is the same. */
const [plain, ...others] = [
  offer('text', 'text/plain', '0.0.4'),
  offer('openmetrics', 'application/openmetrics-text', '1.0.0'),
  offer('openmetrics', 'application/openmetrics-text', '0.0.1'),
] as const;

/**
 * Chooses by the Accept header: the highest quality, then what is named first. Text 0.0.4 where the header is absent,
 * leaves it open or accepts nothing that is offered, as Prometheus' own libraries do.
 */
export function acceptedFormat(accept: string | undefined): AcceptedFormat {
  const ranges = (accept ?? '*/*').split(',').map(parseRange);
  let best = { offer: plain, ...preference(plain, ranges) };
  for (const candidate of others) {
    const { quality, place } = preference(candidate, ranges);
    const isBetter =
      quality > best.quality || (quality === best.quality && quality > 0 && place < best.place);
    if (isBetter) best = { offer: candidate, quality, place };
  }
  return { format: best.offer.format, contentType: best.offer.contentType };
}

function offer(format: AcceptedFormat['format'], type: string, version: string): Offer {
  return { format, type, version, contentType: `${type}; version=${version}; charset=utf-8` };
}

/** The most exact range that covers an offer decides on it, as HTTP says. */
function preference(offered: Offer, ranges: readonly MediaRange[]): { quality: number; place: number } {
  let found = { quality: 0, place: ranges.length, exactness: -1 };
  for (const [place, range] of ranges.entries()) {
    const exactness = exactnessOf(range, offered);
    if (exactness > found.exactness) found = { quality: range.quality, place, exactness };
  }
  return found;
}

/** -1 where the range does not cover the offer. */
function exactnessOf({ type, version }: MediaRange, offered: Offer): number {
  if (type === '*/*') return 0;
  if (type === `${offered.type.split('/', 1)[0]}/*`) return 1;
  if (type !== offered.type) return -1;
  if (version === undefined) return 2;
  return version === offered.version ? 3 : -1;
}

function parseRange(range: string): MediaRange {
  const [type = '', ...written] = range.split(';').map((part) => part.trim().toLowerCase());
  const parameters = new Map(written.map((parameter) => splitParameter(parameter)));
  const quality = Number(parameters.get('q') ?? 1);
  return { type, version: parameters.get('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

function splitParameter(parameter: string): [name: string, value: string] {
  const [name = '', value = ''] = parameter.split('=', 2);
  return [name.trim(), value.trim().replaceAll('"', '')];
}
