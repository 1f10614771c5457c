import { setTimeout as delay } from 'node:timers/promises';
import { cadvisorGroupNames } from '../../src/config/settings/names.ts';
import { profiles } from '../../src/metrics/catalogue.ts';
import type { Instrument } from '../../src/model/instrument.ts';
import { startAgent } from '../../test/support/real/agent-process.ts';
import { Cadvisor } from '../../test/support/real/cadvisor.ts';
import type { OtlpRequest } from '../../test/support/real/collector.ts';
import type { Series } from '../../test/support/wire/exposition.ts';
import { pointsOf, type Point } from '../../test/support/wire/otlp-points.ts';
import { OtlpSink } from '../../test/support/fakes/otlp-sink.ts';
import type { RealEngine } from '../../test/support/real/real-engine.ts';
import { pairsOfPoints, skewMillis, type Moments, type Pair } from './compare.ts';
import { VersionedRuntime } from '../../test/support/fakes/versioned-runtime.ts';

const { containers, runtime: ofRuntime } = profiles.cadvisor;
const declared = new Map<string, Instrument<never>>(
  [...containers, ...ofRuntime].map((each) => [each.name, each]),
);

/** The names that both cAdvisor and the agent have, those among them that are off by default. */
export const sharedWithCadvisor: readonly string[] = [...declared.values()].flatMap(({ name, source }) =>
  source === 'unavailable' ? [] : [name],
);

/** What cAdvisor shows and the agent does not. */
export interface OnlyCadvisors {
  readonly name: string;
  /** As the profile declares it; undefined where the profile lacks the name. */
  readonly reason: string | undefined;
}

/** cAdvisor and the agent with its profile at one runtime, each with all that it can show. */
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
    const flags = ['-disable_metrics=perf_event,resctrl', '-enable_load_reader'];
    const cadvisor = stack.use(await Cadvisor.start({ url, directory: runtime.directory, flags }));
    const sink = stack.use(await OtlpSink.start());
    const agent = stack.use(
      await startAgent({
        args: [
          '--profile=cadvisor',
          `--cadvisor-group=${cadvisorGroupNames.join()}`,
          '--cgroup-rows=root',
          '--disk-usage-interval=10s',
          '--exporter=otlp',
          '--otlp-protocol=http/json',
          `--docker-url=${runtime.url}`,
          `--otlp-endpoint=${sink.url}`,
          `--interval=${interval}`,
        ],
      }),
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
    const theirs = cadvisorPoints(this.#scraped);
    return pairsOfPoints(theirs, ours.filter(({ name }) => names.has(name)).map(named), moments);
  }

  /** What cAdvisor showed and the agent does not read. */
  get onlyCadvisors(): readonly OnlyCadvisors[] {
    const names = new Set(this.#scraped.map(({ name }) => name));
    return [...names].toSorted().flatMap((name) => {
      const { source, absentWhen } = declared.get(name) ?? {};
      return source === undefined || source === 'unavailable' ? [{ name, reason: absentWhen }] : [];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Their devices are file systems, which have no numbers. */
const ofFilesystem = /^container_fs_(?:usage|limit|inodes)/;
const ofBlockDevice = /^\/dev\/(?!shm)/;

/** True for a series that means something else in cAdvisor; the page says what. */
function isOther({ name, labels, value }: Series): boolean {
  const isHost = labels['id'] === '/';
  // Of cgroup v1 it reads no pressure, and shows zeros.
  if (name.startsWith('container_pressure_')) return value === 0;
  if (name === 'container_tasks_state') return isHost || labels['state'] === 'sleeping';
  if (name === 'container_memory_failures_total') return isHost && labels['scope'] === 'hierarchy';
  if (name === 'container_start_time_seconds') return isHost;
  if (!ofFilesystem.test(name)) return false;
  return isHost ? !ofBlockDevice.test(labels['device'] ?? '') : name.startsWith('container_fs_inodes');
}

/**
 * cAdvisor's series as points. Series of devices without numbers are left out: they describe the whole file system below
 * the container's, the same for all containers.
 */
export function cadvisorPoints(scraped: readonly Series[]): readonly Point[] {
  const counted = new Set(
    scraped.flatMap(({ labels: { device, major } }) => (major === undefined ? [] : device)),
  );
  return scraped.flatMap((series) => {
    const { name, labels, value, millis = 0 } = series;
    const instrument = declared.get(name);
    if (!instrument || instrument.source === 'unavailable' || isOther(series)) return [];
    const { kind, unit } = instrument;
    if ('device' in labels && !ofFilesystem.test(name) && !counted.has(labels['device'])) return [];
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

/** Labels that say what cAdvisor itself is, and one that its library leaves empty. */
const ofProgram: ReadonlySet<string> = new Set(['cadvisorVersion', 'cadvisorRevision', 'dockerVersion']);

/**
 * The container's name where the other points have it; a cgroup without one has its path there, and the machine is called
 * so. An empty label is none.
 */
function named(point: Point): Point {
  const { name, id, ...others } = point.attributes;
  const attributes = Object.fromEntries(
    Object.entries({ ...others, ...(name ? { id } : {}) }).filter(
      ([key, value]) => value !== '' && !ofProgram.has(key),
    ),
  );
  return { ...point, resource: { 'container.name': name || id || 'machine' }, attributes };
}
