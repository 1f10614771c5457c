import type { RuntimeDescription } from '../../model/runtime.ts';

/** Facts of a host that decide where its runtime puts cgroups. */
export type CgroupHost = Pick<RuntimeDescription, 'runtimeName' | 'cgroupDriver'>;

/**
 * Where a container's cgroup is below the hierarchy's root, by the rules of the runtime's cgroup driver
 * (runc's `systemd` and `cgroupfs` managers): `/docker/ID`, or `/system.slice/docker-ID.scope`.
 */
export function cgroupPath(
  { id, parent }: { readonly id: string; readonly parent: string | undefined },
  { runtimeName, cgroupDriver }: CgroupHost,
): string {
  const isPodman = runtimeName === 'podman';
  if (cgroupDriver === 'systemd') {
    const slice = parent ?? (isPodman ? 'machine.slice' : 'system.slice');
    return `${slicePath(slice)}/${isPodman ? 'libpod' : 'docker'}-${id}.scope`;
  }
  const directory = parent ?? (isPodman ? 'libpod_parent' : 'docker');
  return `/${directory.replaceAll(/^\/+|\/+$/g, '')}/${isPodman ? 'libpod-' : ''}${id}`;
}

/** Systemd puts `a-b.slice` into `a.slice`; a path is one already. */
function slicePath(slice: string): string {
  const name = /^([^/]+)\.slice$/.exec(slice)?.[1];
  if (name === undefined) return `/${slice.replaceAll(/^\/+|\/+$/g, '')}`;
  if (name === '-') return '';
  const parts = name.split('-');
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}
