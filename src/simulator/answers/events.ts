import type { EngineEvent } from '../world/event-log.ts';
import { parseEventTime } from './event-time.ts';
import { anyWanted, labelsMatch, parseFilters, type Filters } from './query-filters.ts';

/** Which events a request asks for. */
export type EventQuery =
  | {
      readonly kind: 'wanted';
      readonly wants: (event: EngineEvent) => boolean;
      /** Absent: nothing is replayed. */
      readonly sinceNano?: bigint | undefined;
      readonly untilNano?: bigint | undefined;
    }
  | { readonly kind: 'invalid'; readonly message: string };

const KNOWN = new Set([
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
const FUZZY_ACTIONS = ['health_status', 'exec_create', 'exec_start'];

/** Reads `since`, `until` and `filters` of `/events`. */
export function parseEventQuery(query: URLSearchParams): EventQuery {
  const parsed = parseFilters(query.get('filters'), KNOWN);
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
  const fuzzy = (filters.get('event') ?? []).some((wanted) => FUZZY_ACTIONS.includes(wanted));
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
