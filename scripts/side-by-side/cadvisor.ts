import { setTimeout as delay } from 'node:timers/promises';
import { profiles } from '../../src/metrics/catalogue.ts';
import { startAgent } from '../../test/support/real/agent-process.ts';
import { Cadvisor } from '../../test/support/real/cadvisor.ts';
import type { OtlpRequest } from '../../test/support/real/collector.ts';
import type { Series } from '../../test/support/wire/exposition.ts';
import { pointsOf, type Point } from '../../test/support/wire/otlp-points.ts';
import { OtlpSink } from '../../test/support/fakes/otlp-sink.ts';
import type { RealEngine } from '../../test/support/real/real-engine.ts';
import { pairsOfPoints, skewMillis, type Moments, type Pair } from './compare.ts';
import { VersionedRuntime } from '../../test/support/fakes/versioned-runtime.ts';

const sources: ReadonlySet<string> = new Set(['list', 'inspect', 'stats', 'cgroup']);
const shared = profiles.cadvisor.containers.filter(
  ({ source, offByDefault }) => sources.has(source) && !offByDefault,
);

/** The names that both cAdvisor and a runtime's responses have. */
export const sharedWithCadvisor: readonly string[] = shared.map(({ name }) => name);

/** cAdvisor and the agent with its profile at one runtime. */
export class CadvisorComparison {
  readonly #cadvisor: Cadvisor;
  readonly #sink: OtlpSink;
  readonly #stack: AsyncDisposableStack;
  readonly #scraped: Series[] = [];

  private constructor(cadvisor: Cadvisor, sink: OtlpSink, stack: AsyncDisposableStack) {
    this.#cadvisor = cadvisor;
    this.#sink = sink;
    this.#stack = stack;
  }

  /** Starts both; cAdvisor gets the runtime's version through a proxy. */
  static async start(runtime: RealEngine, version: string, interval: string): Promise<CadvisorComparison> {
    await using stack = new AsyncDisposableStack();
    const { url } = stack.use(await VersionedRuntime.start(runtime, version));
    const cadvisor = stack.use(await Cadvisor.start({ url, directory: runtime.directory }));
    const sink = stack.use(await OtlpSink.start());
    const args = ['--profile=cadvisor', '--exporter=otlp', '--otlp-protocol=http/json'];
    const where = [`--docker-url=${runtime.url}`, `--otlp-endpoint=${sink.url}`, `--interval=${interval}`];
    const agent = stack.use(
      await startAgent({ args: [...args, ...where, `--metric=${sharedWithCadvisor.join()}`] }),
    );
    await agent.untilReady();
    return new CadvisorComparison(cadvisor, sink, stack.move());
  }

  /** Reads cAdvisor at each moment. */
  async read({ at }: Moments): Promise<void> {
    for (const moment of at) {
      await delay(moment - skewMillis / 10 - Date.now());
      this.#scraped.push(...(await this.#cadvisor.scrape()));
    }
  }

  /** Pairs what was read with ours; there must be some of ours from after the last moment. */
  pairs(moments: Moments): Pair[] {
    const requests = this.#sink.requests.map(({ body }): OtlpRequest => JSON.parse(body.toString()));
    const ours = requests.flatMap((request) => pointsOf(request));
    const names = new Set(sharedWithCadvisor);
    const theirs = cadvisorPoints(this.#scraped.filter(({ name }) => names.has(name)));
    return pairsOfPoints(theirs, ours.filter(({ name }) => names.has(name)).map(named), moments);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/**
 * cAdvisor's series as points. Series of devices without numbers are left out: they describe the whole file system below
 * the container's, the same for all containers.
 */
export function cadvisorPoints(scraped: readonly Series[]): readonly Point[] {
  const counted = new Set(
    scraped.flatMap(({ labels: { device, major } }) => (major === undefined ? [] : device)),
  );
  return scraped.flatMap(({ name, labels, value, millis = 0 }) => {
    const instrument = shared.find((each) => each.name === name);
    // Of cgroup v1 it reads no pressure, and shows zeros.
    if (!instrument || (value === 0 && name.startsWith('container_pressure_'))) return [];
    const { kind, unit } = instrument;
    if ('device' in labels && !counted.has(labels['device'])) return [];
    const nanos = BigInt(millis) * 1_000_000n;
    return [
      named({
        resource: {},
        name,
        unit,
        kind,
        attributes: labels,
        value,
        startNanos: 0n,
        nanos,
        isMarker: false,
      }),
    ];
  });
}

/** The container's name where the other points have it; an empty label is none. */
function named(point: Point): Point {
  const { name, ...others } = point.attributes;
  const attributes = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== ''));
  return { ...point, resource: { 'container.name': name }, attributes };
}
