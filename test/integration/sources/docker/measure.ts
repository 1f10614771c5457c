import type { ContainerSource } from '../../../../src/sources/container-source.ts';
import type { EngineEndpoint } from '../../../../src/sources/docker/address.ts';
import { DockerSource } from '../../../../src/sources/docker/docker-source.ts';
import { sampleOf } from '../../../support/fakes/sample-of.ts';

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** A source that ends its connections with the test. */
export class TestSource extends DockerSource implements Disposable {
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A source for an engine, with a deadline far beyond every good response. */
export function sourceFor(
  endpoint: EngineEndpoint | string,
  more: { readonly apiVersion?: string; readonly callTimeoutMillis?: number } = {},
): TestSource {
  const at = typeof endpoint === 'string' ? { url: endpoint } : endpoint;
  return new TestSource({ endpoint: at, callTimeoutMillis: 10_000, now: () => Date.now(), ...more });
}
/** Lists, inspects and samples everything; true when every container has a sample. */
export async function measuresOnce(source: ContainerSource): Promise<boolean> {
  const listed = await source.list(never);
  const samples = await Promise.all(
    listed.map(async ({ id }) => {
      await source.inspect(id, never);
      return sampleOf(source, id, never);
    }),
  );
  return samples.length > 0 && samples.every((sample) => sample?.cpu && sample.memory?.usage);
}
