import type { EngineHost } from '../world/host.ts';

/** The kernel that version and info name. */
export const KERNEL = '6.12.57+deb13-amd64';

/** The answer to `/version` (shape of Moby's api/types/system VersionResponse). */
export function versionAnswer(host: EngineHost): object {
  const { engineVersion, apiVersion, minApiVersion } = host;
  const shared = {
    ApiVersion: apiVersion,
    Arch: 'amd64',
    BuildTime: '2026-06-02T09:00:00.000000000+00:00',
    GitCommit: 'f8215cc',
    GoVersion: 'go1.24.8',
    KernelVersion: KERNEL,
    MinAPIVersion: minApiVersion,
    Os: 'linux',
  };
  return {
    Platform: { Name: 'Docker Engine - Community' },
    Components: [
      { Name: 'Engine', Version: engineVersion, Details: { ...shared, Experimental: 'false' } },
      { Name: 'containerd', Version: 'v1.7.28', Details: { GitCommit: 'b98a3aa' } },
      { Name: 'runc', Version: '1.3.0', Details: { GitCommit: 'v1.3.0-0-g4ca628d1' } },
      { Name: 'docker-init', Version: '0.19.0', Details: { GitCommit: 'de40ad0' } },
    ],
    Version: engineVersion,
    ...shared,
  };
}
