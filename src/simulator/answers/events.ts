import type { EngineEvent, EventLog } from '../world/event-log.ts';
import { errorAnswer } from './answers.ts';
import type { Answer, AnswerRequest, LineSink } from './answers.ts';
import { anyWanted, labelsMatch, parseFilters } from './query-filters.ts';
import type { Filters } from './query-filters.ts';

/** Query of an events request. */
export type EventQuery =
  | {
      readonly kind: 'wanted';
      readonly wants: (event: EngineEvent) => boolean;
      /** Absent: nothing is replayed. */
      readonly sinceNano?: bigint | undefined;
      readonly untilNano?: bigint | undefined;
    }
  | { readonly kind: 'invalid'; readonly message: string };

const known = new Set([
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'scope',
  'type',
  'volume',
]);
const fuzzyActions = ['health_status', 'exec_create', 'exec_start'];

/** Reads `since`, `until` and `filters` of `/events`. */
function parseEventQuery(query: URLSearchParams): EventQuery {
  const parsed = parseFilters(query.get('filters'), known);
  if (parsed.kind === 'invalid') return parsed;
  const since = parseEventTime(query.get('since'));
  if (since.kind === 'invalid')
    return { kind: 'invalid', message: `invalid value for 'since': ${query.get('since')}` };
  const until = parseEventTime(query.get('until'));
  if (until.kind === 'invalid')
    return { kind: 'invalid', message: `invalid value for 'until': ${query.get('until')}` };
  return {
    kind: 'wanted',
    wants: (event) => matches(event, parsed.filters),
    // As in Moby, `until` alone replays everything before it.
    sinceNano: since.nano ?? (until.nano === undefined ? undefined : 0n),
    untilNano: until.nano,
  };
}

/** After Moby's daemon/events/filter.go: names and ids by prefix, actions exactly unless one of them has an argument. */
function matches(event: EngineEvent, filters: Filters): boolean {
  const { type, action, attributes } = event;
  const fuzzy = (filters.get('event') ?? []).some((wanted) => fuzzyActions.includes(wanted));
  return (
    anyWanted(filters, 'event', (wanted) => (fuzzy ? action.startsWith(wanted) : action === wanted)) &&
    anyWanted(filters, 'type', (wanted) => type === wanted) &&
    anyWanted(filters, 'scope', (wanted) => wanted === 'local') &&
    anyWanted(filters, 'container', (wanted) => actorMatches(event, wanted)) &&
    anyWanted(filters, 'network', (wanted) => actorMatches(event, wanted)) &&
    anyWanted(filters, 'image', (wanted) => imageMatches(attributes['image'] ?? '', wanted)) &&
    labelsMatch(filters, attributes)
  );
}

function actorMatches({ actorId, attributes }: EngineEvent, wanted: string): boolean {
  return actorId.startsWith(wanted) || (attributes['name'] ?? '').startsWith(wanted);
}

function imageMatches(image: string, wanted: string): boolean {
  return image === wanted || image.replace(/:[^/]*$/, '') === wanted;
}

/** From this API version on, events lack the old doubles `status`, `id` and `from`. */
const withoutDoublesSince = 52;

/** The answer to `/events`: what the ring has since `since`, then what happens until `until`. */
export function eventStream(events: EventLog, { query, apiMinor }: AnswerRequest, now: number): Answer {
  const wanted = parseEventQuery(query);
  if (wanted.kind === 'invalid') return errorAnswer(400, wanted.message);
  return {
    kind: 'lines',
    open: (sink) => {
      const send = (event: EngineEvent): void => {
        const inTime = wanted.untilNano === undefined || event.timeNano <= wanted.untilNano;
        if (inTime && wanted.wants(event)) sink.line(renderEvent(event, apiMinor));
      };
      if (wanted.sinceNano !== undefined) events.replay(wanted.sinceNano).forEach(send);
      return follow(events, { send, sink, wanted }, now);
    },
  };
}

interface Follower {
  readonly send: (event: EngineEvent) => void;
  readonly sink: LineSink;
  readonly wanted: Extract<EventQuery, { kind: 'wanted' }>;
}

function follow(events: EventLog, { send, sink, wanted }: Follower, now: number): () => void {
  const left = wanted.untilNano === undefined ? undefined : Number(wanted.untilNano) / 1e6 - now;
  if (left !== undefined && left <= 0) {
    sink.end();
    return () => undefined;
  }
  const stop = events.listen(send);
  const timer = left === undefined ? undefined : setTimeout(() => sink.end(), left).unref();
  return () => {
    stop();
    clearTimeout(timer);
  };
}

/** One line of `/events` (shape of Moby's api/types/events Message). */
function renderEvent({ type, action, actorId, attributes, timeNano }: EngineEvent, apiMinor: number): string {
  const isContainer = type === 'container';
  const doubles = {
    status: action,
    id: actorId,
    ...(attributes['image'] !== undefined && { from: attributes['image'] }),
  };
  const message = {
    ...(isContainer && apiMinor < withoutDoublesSince && doubles),
    Type: type,
    Action: action,
    Actor: { ID: actorId, Attributes: attributes },
    scope: 'local',
    time: Number(timeNano / 10n ** 9n),
  };
  // Nanoseconds are beyond what a JavaScript number holds exactly.
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${timeNano}}\n`;
}

/** A parsed `since` or `until`, or an error. */
export type ParsedEventTime =
  /** Nanoseconds of Unix time; absent when there was none. */
  { readonly kind: 'time'; readonly nano: bigint | undefined } | { readonly kind: 'invalid' };

const unixSeconds = /^(\d+)(?:\.(\d{1,9}))?$/;

/** Reads a time as the engine does: Unix seconds with up to nine decimals. Durations are the CLI's business. */
function parseEventTime(text: string | null): ParsedEventTime {
  if (text === null || text === '' || text === '0') return { kind: 'time', nano: undefined };
  const [, seconds, fraction = ''] = unixSeconds.exec(text) ?? [];
  if (seconds === undefined) return { kind: 'invalid' };
  return { kind: 'time', nano: BigInt(seconds) * 10n ** 9n + BigInt(fraction.padEnd(9, '0')) };
}
