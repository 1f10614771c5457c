import type { Sample } from '../../../src/model/sample.ts';
import type { ContainerSource } from '../../../src/sources/container-source.ts';

/** One sample of a container by the source's own usage. */
export async function sampleOf(
  source: Pick<ContainerSource, 'usage'>,
  id: string,
  signal: AbortSignal,
): Promise<Sample | undefined> {
  const image = { tags: [], repoDigests: [] };
  const identity = { id, name: id, image, labels: {}, environment: [], command: [] };
  const round = source.usage.round(signal);
  try {
    return await round.read({ identity, state: {}, limits: {}, network: {} });
  } finally {
    round.close();
  }
}
