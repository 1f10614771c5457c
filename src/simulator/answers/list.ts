import { createHash } from 'node:crypto';
import type { ContainerState } from '../world/container-state.ts';
import { endpoints, networkMode } from './networks.ts';
import type { SimulatedContainer } from '../world/container.ts';
import { statusText } from './status-text.ts';

/** First API version whose list has Health. */
const HEALTH_SINCE = 52;

/**
 * Renders items of `/containers/json` (shape of Moby's api/types/container Summary). All but the status text is
 * kept until the container's state changes: a list of thousands is asked for again and again.
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
    const health = apiMinor >= HEALTH_SINCE ? `"Health":${JSON.stringify(healthOf(state))},` : '';
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
