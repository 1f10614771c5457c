import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { catalogueOf } from '../../../src/metrics/catalogue.ts';
import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import { ContainerMeter } from '../../../src/export/container-producer.ts';
import { observeContainers } from '../../../src/export/observe-containers.ts';
import { Entities } from '../../../src/export/entity.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { hangUntilAborted } from '../../support/fakes/scripted-source.ts';
import type { SourceCall } from '../../support/fakes/scripted-source.ts';
import { SeriesJudge } from '../../support/assert/series-judge.ts';
import { probeTimeoutMillis, TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

const allNames = ['a', 'b', 'c', 'd'] as const;
const of = fc.constantFrom(...allNames);
/** As often more as less CPU time than a scripted container begins with: a restart may show as a fall, or not. */
const amount = fc.integer({ min: 1, max: 2e9 });

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), millis: fc.nat(15_000) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('count' as const), of, amount }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('collect' as const), wait: fc.nat(20_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), of, amount }) },
  fc.record({ kind: fc.constantFrom('fall', 'attach' as const), of, amount }),
  fc.record({ kind: fc.constantFrom('exit', 'remove', 'add', 'detach' as const), of }),
  fc.record({
    kind: fc.constant('trouble' as const),
    call: fc.constantFrom<SourceCall>('list', 'inspect', 'sample', 'describe'),
    of: fc.option(of, { nil: undefined }),
    how: fc.constantFrom('fail', 'gone', 'hang', 'slow' as const),
  }),
  fc.record({ kind: fc.constant('heal' as const) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Change = Exclude<Extract<Step, { of: unknown }>, { call: unknown }>;

const changes: Readonly<Record<Change['kind'], (container: ScriptedContainer, amount: number) => void>> = {
  count: (container, amount) => void (container.cpuNanos += amount),
  restart: (container, amount) => container.restart(amount),
  fall: (container, amount) => void (container.cpuNanos = amount),
  exit: (container) => container.exit(1),
  attach: (container, receivedBytes) => {
    const { networks = [] } = container;
    container.networks = [...networks, { name: `eth${networks.length}`, receivedBytes }];
  },
  detach: (container) => void (container.networks = container.networks?.slice(1)),
  remove: () => undefined,
  add: () => undefined,
};

class World {
  readonly runtime = new TrackedRuntime(['a', 'b']);
  readonly judge = new SeriesJudge();
  readonly #meter = new ContainerMeter();
  readonly #collections: Promise<void>[] = [];
  readonly #faults: unknown[] = [];

  constructor() {
    const trackers = new Trackers([this.runtime.set], 20_000, this.runtime.observer);
    const entities = new Entities({ containerIdLabel: true, runtimeLabel: false });
    observeContainers(this.#meter, trackers, catalogueOf(['semconv']), entities);
    this.runtime.container('b').join(this.runtime.container('a'));
  }

  async take(taken: Step): Promise<void> {
    if (taken.kind === 'pass') await this.runtime.clock.advance(taken.millis);
    else if (taken.kind === 'collect') this.collect(taken.wait);
    else if (taken.kind === 'heal') this.runtime.source.before = () => undefined;
    else if (taken.kind === 'trouble') this.#trouble(taken);
    else this.#change(taken);
  }

  collect(wait: number): void {
    const collection = this.#meter.collect({ timeoutMillis: wait }).then((result) => this.#judge(result));
    this.#collections.push(collection.catch((fault: unknown) => void this.#faults.push(fault)));
  }

  /** Lets everything that is under way end. */
  async settle(): Promise<void> {
    await this.runtime.clock.advance(probeTimeoutMillis + 30_000);
    await Promise.all(this.#collections);
    assert.deepEqual(this.#faults, []);
  }

  #judge({ resourceMetrics, errors }: CollectionResult): void {
    assert.deepEqual(errors, []);
    this.judge.accept(resourceMetrics.scopeMetrics);
    const snapshot = this.runtime.set.snapshot();
    const shown = snapshot.containers.filter(({ published }) => published);
    assert.ok(this.judge.measured.every((name) => shown.some(({ identity }) => identity.name === name)));
    for (const container of shown) this.#judgeRun(container);
  }

  /** Figures are of no run that had ended when the runtime gave the list. */
  #judgeRun({ identity, state, stateAt, sample, starts }: ContainerSnapshot): void {
    const { runs = [] } = this.runtime.source.containers.find(({ id }) => id === identity.id) ?? {};
    const startedAt = runs.findLast((began) => began < stateAt);
    if (!sample || startedAt === undefined) return;
    const message = `${identity.name} started at ${startedAt}, shown with ${state.startedAt}`;
    assert.ok((state.startedAt ?? 0) >= startedAt && starts.of('cpu') >= startedAt, message);
  }

  #change(change: Change): void {
    const { source, clock } = this.runtime;
    const container = source.containers.find(({ name }) => name === change.of);
    if (container) changes[change.kind](container, 'amount' in change ? change.amount : 0);
    if (container && change.kind === 'remove')
      source.containers = source.containers.filter((each) => each !== container);
    if (!container && change.kind === 'add') source.containers.push(new ScriptedContainer(change.of, clock));
  }

  #trouble({ call, of: name, how }: Extract<Step, { kind: 'trouble' }>): void {
    const { source, clock } = this.runtime;
    const affected = name === undefined ? undefined : new ScriptedContainer(name, clock).id;
    source.before = async (each, id, signal) => {
      if (each !== call || (affected !== undefined && id !== '' && id !== affected)) return;
      if (how === 'fail') throw new SourceError('runtime-error', 'status 500');
      if (how === 'gone') throw new SourceError('not-found', 'no such thing');
      await (how === 'hang' ? hangUntilAborted(signal) : clock.sleep(3000));
    };
  }
}

test('in any order of lists, failures, overlaps, restarts and vanishing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const world = new World();
      for (const taken of steps) await world.take(taken);
      await world.take({ kind: 'heal' });
      await world.settle();
      await world.runtime.probe();
      world.collect(20_000);
      await world.settle();
      const { source, set } = world.runtime;
      assert.ok(source.maxLists <= 1, 'one probe at a time');
      const { containers, containerCount } = set.snapshot();
      const listed = source.containers.map(({ name }) => name).toSorted();
      assert.deepEqual(containers.map(({ identity }) => identity.name).toSorted(), listed);
      assert.equal(containerCount, listed.length);
      assert.deepEqual([...new Set(world.judge.measured)].toSorted(), listed);
    }),
    { numRuns: 300 },
  );
});
