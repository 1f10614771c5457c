import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { ourReadings } from '../../../src/audit/our-readings.ts';
import { wholeCatalogue, type ProfileName } from '../../../src/metrics/catalogue.ts';
import { ContainerMeter } from '../../../src/export/container-producer.ts';
import { DeltaProducer } from '../../../src/export/otlp/delta-producer.ts';
import { observeContainers } from '../../../src/export/observe-containers.ts';
import { Entities } from '../../../src/export/entity.ts';
import { parseStats } from '../../../src/sources/docker/stats.ts';
import { parseExactJson } from '../../../src/sources/json.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import { FallJudge } from '../../support/assert/fall-judge.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

const counters = ['cpu', 'user', 'system', 'received', 'written', 'faults', 'throttled'] as const;

type Counter = (typeof counters)[number];

const counter = fc.constantFrom(...counters);
/** Small and large; above 2^53 a counter is a bigint. */
const amount = fc.oneof(fc.nat(1_000_000_000), fc.constant(2 ** 60));
/** Around what is believed of a runtime's clock, and around what is believed of an interval. */
const jump = fc.oneof(
  fc.integer({ min: -20_000, max: 20_000 }),
  fc.constantFrom(-86_400_000, -3_700_000, -700_000, -1, 1, 700_000, 3_700_000, 86_400_000),
);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('collect' as const), millis: fc.nat(15_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('count' as const), counter, amount }) },
  fc.record({ kind: fc.constant('fall' as const), counter, amount }),
  fc.record({ kind: fc.constantFrom('host-clock', 'engine-clock' as const), jump }),
  fc.record({ kind: fc.constantFrom('restart', 'mute-clock', 'device' as const) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One container of a runtime with a clock of its own, read as the agent reads it, by both kinds of reader. */
class World {
  readonly #runtime = new TrackedRuntime(['a']);
  readonly #readers: readonly { readonly producer: MetricProducer; readonly judge: FallJudge }[];
  readonly #counted: Record<Counter, number> = {
    cpu: 1e9,
    user: 7e8,
    system: 1e12,
    received: 10,
    written: 10,
    faults: 10,
    throttled: 0,
  };
  /** The runtime's clock less the host's. */
  #skew = 0;
  #hasTimes = true;
  #devices = 1;

  /** @param age of the container, in milliseconds: a clock may be set back to before its start, or not. */
  constructor(age: number, profiles: readonly ProfileName[]) {
    const trackers = new Trackers([this.#runtime.set], 20_000, this.#runtime.observer);
    const readerOf = (): ContainerMeter => {
      const meter = new ContainerMeter();
      const entities = new Entities({ containerIdLabel: true, runtimeLabel: false });
      observeContainers(meter, trackers, wholeCatalogue(profiles), entities);
      return meter;
    };
    this.#readers = [
      { producer: readerOf(), judge: new FallJudge('cumulative') },
      { producer: new DeltaProducer(readerOf(), this.#runtime.clock.now()), judge: new FallJudge('delta') },
    ];
    this.#runtime.container('a').startedAt -= age;
    this.#runtime.container('a').answer = () =>
      parseStats(parseExactJson(this.#answer(), 'stats'), this.#runtime.clock.now());
  }

  async take(taken: Step): Promise<void> {
    switch (taken.kind) {
      case 'collect':
        return this.collect(taken.millis);
      case 'count':
        this.#counted[taken.counter] += taken.amount;
        return undefined;
      case 'fall':
        this.#counted[taken.counter] = Math.min(this.#counted[taken.counter], taken.amount);
        return undefined;
      case 'host-clock':
        // The runtime's clock stays as it is.
        this.#runtime.clock.jump(taken.jump);
        this.#skew -= taken.jump;
        return undefined;
      case 'engine-clock':
        this.#skew += taken.jump;
        return undefined;
      case 'mute-clock':
        this.#hasTimes = !this.#hasTimes;
        return undefined;
      case 'device':
        this.#devices += 1;
        return undefined;
      case 'restart':
        this.#restart();
        return undefined;
    }
  }

  async collect(millis: number): Promise<void> {
    await this.#runtime.probe(millis);
    for (const { producer, judge } of this.#readers) judge.accept(scopesOf(await producer.collect()));
    const snapshot = this.#runtime.snapshot('a');
    for (const [name, read] of Object.entries(ourReadings)) {
      const value = (snapshot && read(snapshot)) ?? 0;
      assert.ok(Number.isFinite(value) && value >= 0, `${name}: ${value}`);
    }
  }

  #restart(): void {
    const container = this.#runtime.container('a');
    container.restart();
    container.startedAt += this.#skew;
    for (const each of counters) if (each !== 'system') this.#counted[each] = 1;
  }

  #answer(): string {
    const { cpu, user, system, received, written, faults, throttled } = this.#counted;
    return JSON.stringify({
      ...(this.#hasTimes && { read: new Date(this.#runtime.clock.now() + this.#skew).toISOString() }),
      cpu_stats: {
        cpu_usage: { total_usage: cpu, usage_in_usermode: user, usage_in_kernelmode: user },
        system_cpu_usage: system,
        online_cpus: 2,
        throttling_data: { periods: throttled, throttled_periods: throttled, throttled_time: throttled },
      },
      memory_stats: {
        usage: 1_000_000,
        stats: { inactive_file: 1000, pgfault: faults, pgmajfault: Math.floor(faults / 2) },
      },
      networks: { eth0: { rx_bytes: received, tx_bytes: received } },
      blkio_stats: {
        io_service_bytes_recursive: Array.from({ length: this.#devices }, (_, minor) => ({
          major: 8,
          minor,
          op: 'write',
          value: written,
        })),
      },
      pids_stats: { current: 1 },
    });
  }
}

function scopesOf({ resourceMetrics, errors }: CollectionResult): CollectionResult['resourceMetrics'] {
  assert.deepEqual(errors, []);
  return resourceMetrics;
}

/** Regressions: a run whose start time is the previous run's, at once or after a fall; a new device. */
const examples: [number, readonly ProfileName[], Step[]][] = [
  [
    0,
    ['semconv'],
    [
      { kind: 'engine-clock', jump: -2001 },
      { kind: 'collect', millis: 1000 },
      { kind: 'restart' },
      { kind: 'collect', millis: 0 },
    ],
  ],
  [
    0,
    ['semconv'],
    [
      { kind: 'count', counter: 'cpu', amount: 2 ** 60 },
      { kind: 'collect', millis: 1000 },
      { kind: 'fall', counter: 'cpu', amount: 2 ** 60 },
      { kind: 'engine-clock', jump: -3001 },
      { kind: 'collect', millis: 1000 },
      { kind: 'restart' },
    ],
  ],
  [
    60_000,
    ['semconv'],
    [
      { kind: 'host-clock', jump: -1001 },
      { kind: 'mute-clock' },
      { kind: 'device' },
      { kind: 'collect', millis: 0 },
    ],
  ],
];

test('clocks that jump and counters that fall: no rate below 0, no NaN, no fall within one start', async () => {
  const age = fc.constantFrom(0, 60_000);
  // All metrics of all profiles; docker_stats and semconv have names in common.
  const profiles = fc.constantFrom<readonly ProfileName[]>(
    ['semconv', 'docker_exporter', 'cadvisor'],
    ['docker_stats'],
  );
  const steps = fc.array(step, { minLength: 4, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(age, profiles, steps, async (millis, chosen, taken) => {
      const world = new World(millis, chosen);
      await world.collect(1000);
      for (const each of taken) await world.take(each);
      await world.collect(1000);
    }),
    { numRuns: 1000, examples },
  );
});
