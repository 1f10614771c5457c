import { createHash } from 'node:crypto';
import type { ContainerState } from '../world/container-state.ts';
import type { SimulatedContainer } from '../world/container.ts';
import { endpoints, networkMode } from './networks.ts';
import { anyWanted, labelsMatch, parseFilters } from './query-filters.ts';
import type { Filters } from './query-filters.ts';

/** First API version whose list has Health. */
const healthSince = 52;

/**
 * Renders items of `/containers/json` (shape of Moby's api/types/container Summary). All but the status text is
 * kept until the container's state changes: a list of thousands is requested again and again.
 */
export class ListItems {
  readonly #fixed = new WeakMap<ContainerState, { readonly head: string; readonly tail: string }>();

  render(container: SimulatedContainer, now: number, apiMinor: number): string {
    const { state } = container;
    let fixed = this.#fixed.get(state);
    if (!fixed) {
      fixed = { head: renderHead(container), tail: renderTail(container) };
      this.#fixed.set(state, fixed);
    }
    const health = apiMinor >= healthSince ? `"Health":${JSON.stringify(healthOf(state))},` : '';
    return `${fixed.head},"Status":"${statusText(state, now)}",${health}${fixed.tail}`;
  }
}

/** The id of an image of that name, the same for all containers made of it. */
export function imageId(image: string): string {
  return `sha256:${createHash('sha256').update(`image/${image}`).digest('hex')}`;
}

function renderHead({ id, name, spec, state, createdAt }: SimulatedContainer): string {
  const head = {
    Id: id,
    Names: [`/${name}`],
    Image: spec.image,
    ImageID: imageId(spec.image),
    Command: spec.command.join(' '),
    Created: Math.floor(createdAt / 1000),
    Ports: spec.ports.flatMap(({ privatePort, publicPort }) =>
      publicPort === undefined || state.pid === 0
        ? [{ PrivatePort: privatePort, Type: 'tcp' }]
        : ['0.0.0.0', '::'].map((IP) => ({
            IP,
            PrivatePort: privatePort,
            PublicPort: publicPort,
            Type: 'tcp',
          })),
    ),
    Labels: spec.labels,
    State: state.status,
  };
  return JSON.stringify(head).slice(0, -1);
}

function renderTail(container: SimulatedContainer): string {
  const tail = {
    HostConfig: { NetworkMode: networkMode(container) },
    NetworkSettings: { Networks: endpoints(container) },
    Mounts: mountPoints(container),
  };
  return JSON.stringify(tail).slice(1);
}

function healthOf({ health }: ContainerState): { readonly Status: string; readonly FailingStreak: number } {
  return { Status: health?.status ?? 'none', FailingStreak: health?.failingStreak ?? 0 };
}

/** Mounts as list and inspect show them (shape of Moby's api/types/container MountPoint). */
export function mountPoints({ spec }: SimulatedContainer): object[] {
  return spec.mounts.map(({ type, source, destination }) => ({
    Type: type,
    ...(type === 'volume' && { Name: source, Driver: 'local' }),
    Source: type === 'volume' ? `/var/lib/docker/volumes/${source}/_data` : source,
    Destination: destination,
    Mode: type === 'volume' ? 'z' : '',
    RW: true,
    Propagation: type === 'bind' ? 'rprivate' : '',
  }));
}

/** Query of a list request. */
export type ListQuery =
  | {
      readonly kind: 'wanted';
      readonly wants: (container: SimulatedContainer) => boolean;
      readonly limit: number;
    }
  | { readonly kind: 'invalid'; readonly message: string };

const known = new Set(['ancestor', 'exited', 'health', 'id', 'label', 'name', 'network', 'status']);

/** Reads `all`, `limit` and `filters` of `/containers/json`; the status filter implies `all`, as in Moby. */
export function parseListQuery(query: URLSearchParams): ListQuery {
  const parsed = parseFilters(query.get('filters'), known);
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

/** A Boolean of a query as Moby parses it: every text but these is true. */
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

/** The list's Status column, after Moby's State.String: "Up 5 minutes (healthy)", "Exited (137) 3 seconds ago". */
function statusText(state: ContainerState, now: number): string {
  const { status, startedAt = now, finishedAt = now } = state;
  switch (status) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${humanDuration(now - startedAt)}${healthText(state)}`;
    case 'paused':
      return `Up ${humanDuration(now - startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${humanDuration(now - finishedAt)} ago`;
    case 'exited':
      return `Exited (${state.exitCode}) ${humanDuration(now - finishedAt)} ago`;
  }
}

function healthText({ health }: ContainerState): string {
  if (!health) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}

const minuteMillis = 60;
const hour = 60 * minuteMillis;
const day = 24 * hour;

/** A duration in the words of Docker's list, after HumanDuration of docker/go-units. */
export function humanDuration(millis: number): string {
  const seconds = Math.floor(millis / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds < hour) return shortDuration(seconds);
  const hours = Math.round(seconds / hour);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(seconds / day);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.floor(days / 7)} weeks`;
  return days < 730 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
}

function shortDuration(seconds: number): string {
  if (seconds < minuteMillis) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  const minutes = Math.floor(seconds / minuteMillis);
  return minutes === 1 ? 'About a minute' : `${minutes} minutes`;
}
