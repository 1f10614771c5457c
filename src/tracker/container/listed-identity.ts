import type { ContainerIdentity } from '../../model/container.ts';
import type { ListedContainer } from '../../sources/container-source.ts';

/** As much as the list alone tells: enough to show whose failures are counted. */
export function listedIdentity({ id, name }: ListedContainer): ContainerIdentity {
  return { id, name, image: { tags: [], repoDigests: [] }, labels: {}, environment: [], command: [] };
}
