import { anyWanted, labelsMatch, parseFilters, type Filters } from './query-filters.ts';
import type { SimulatedContainer } from '../world/container.ts';

/** Which containers a list asks for. */
export type ListQuery =
  | {
      readonly kind: 'wanted';
      readonly wants: (container: SimulatedContainer) => boolean;
      readonly limit: number;
    }
  | { readonly kind: 'invalid'; readonly message: string };

const KNOWN = new Set(['ancestor', 'exited', 'health', 'id', 'label', 'name', 'network', 'status']);

/** Reads `all`, `limit` and `filters` of `/containers/json`; the status filter implies `all`, as in Moby. */
export function parseListQuery(query: URLSearchParams): ListQuery {
  const parsed = parseFilters(query.get('filters'), KNOWN);
  if (parsed.kind === 'invalid') return parsed;
  const limit = Number(query.get('limit') ?? 0);
  const { filters } = parsed;
  const all = isTrue(query.get('all')) || limit > 0 || filters.has('status') || filters.has('exited');
  return {
    kind: 'wanted',
    limit: limit > 0 ? limit : Number.POSITIVE_INFINITY,
    wants: (container) =>
      (all || isRunning(container)) && (filters.size === 0 || matches(container, filters)),
  };
}

/** How Moby reads a Boolean of a query: everything but these is true. */
export function isTrue(text: string | null): boolean {
  return !['', '0', 'no', 'false', 'none'].includes((text ?? '').trim().toLowerCase());
}

function isRunning({ state }: SimulatedContainer): boolean {
  return state.status !== 'created' && state.status !== 'exited';
}

function matches({ id, name, spec, state }: SimulatedContainer, filters: Filters): boolean {
  return (
    anyWanted(filters, 'id', (wanted) => id.startsWith(wanted)) &&
    anyWanted(filters, 'name', (wanted) => nameMatches(name, wanted)) &&
    anyWanted(filters, 'status', (wanted) => state.status === wanted) &&
    anyWanted(
      filters,
      'exited',
      (wanted) => state.status === 'exited' && String(state.exitCode) === wanted,
    ) &&
    anyWanted(filters, 'health', (wanted) => (state.health?.status ?? 'none') === wanted) &&
    anyWanted(
      filters,
      'ancestor',
      (wanted) => spec.image === wanted || spec.image.split(':')[0] === wanted,
    ) &&
    anyWanted(filters, 'network', (wanted) => spec.networks.includes(wanted)) &&
    labelsMatch(filters, spec.labels)
  );
}

/** Moby takes names as regular expressions, with and without the slash. */
function nameMatches(name: string, wanted: string): boolean {
  const pattern = toPattern(wanted);
  return pattern !== undefined && (pattern.test(name) || pattern.test(`/${name}`));
}

function toPattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    // A pattern that does not compile matches nothing.
    return undefined;
  }
}
