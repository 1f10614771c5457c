/** Lines of a `/proc/PID/cgroup` that name a tree: the path by controller, `''` for the tree of version 2. */
export type CgroupPaths = ReadonlyMap<string, string>;

/** Parses `/proc/PID/cgroup` (`cgroups(7)`): `4:cpu,cpuacct:/path` of version 1, `0::/path` of version 2. */
export function parseCgroupPaths(content: string): CgroupPaths {
  const paths = new Map<string, string>();
  for (const line of content.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** Ids of Docker and Podman have 64 digits; names of directories are `ID`, `docker-ID.scope` and their like. */
const idPattern = /(?<![\da-z])[\da-f]{64}(?![\da-z])/;

/** The container of which a directory is; none for those of its monitor (`libpod-conmon-ID.scope`). */
export function idIn(name: string): string | undefined {
  return name.includes('conmon') ? undefined : idPattern.exec(name)?.[0];
}
