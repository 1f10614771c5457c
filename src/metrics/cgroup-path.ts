import type { ContainerIdentity } from '../model/container.ts';
import type { EngineDescription } from '../model/runtime.ts';

/**
 * Where a container's cgroup is below the hierarchy's root, by the rules of the engine's cgroup driver
 * (runc's `systemd` and `cgroupfs` managers): `/docker/ID`, or `/system.slice/docker-ID.scope`.
 */
export function cgroupPath(
  { id, cgroupParent }: Pick<ContainerIdentity, 'id' | 'cgroupParent'>,
  { runtimeName, cgroupDriver }: Pick<EngineDescription, 'runtimeName' | 'cgroupDriver'>,
): string {
  const isPodman = runtimeName === 'podman';
  if (cgroupDriver === 'systemd') {
    const slice = cgroupParent ?? (isPodman ? 'machine.slice' : 'system.slice');
    return `${slicePath(slice)}/${isPodman ? 'libpod' : 'docker'}-${id}.scope`;
  }
  const parent = cgroupParent ?? (isPodman ? 'libpod_parent' : 'docker');
  return `/${parent.replaceAll(/^\/+|\/+$/g, '')}/${isPodman ? 'libpod-' : ''}${id}`;
}

/** Systemd puts `a-b.slice` into `a.slice`; a path is one already. */
function slicePath(slice: string): string {
  const name = /^([^/]+)\.slice$/.exec(slice)?.[1];
  if (name === undefined) return `/${slice.replaceAll(/^\/+|\/+$/g, '')}`;
  if (name === '-') return '';
  const parts = name.split('-');
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}
