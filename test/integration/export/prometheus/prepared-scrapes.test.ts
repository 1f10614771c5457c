import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from '../../../../src/concurrency/shared-bytes.ts';
import { PreparedScrapes } from '../../../../src/export/prometheus/prepared-scrapes.ts';
import { ScrapeSource } from '../../../../src/export/prometheus/scrape-source.ts';
import { Telemetry } from '../../../../src/export/telemetry.ts';
import { catalogueOf } from '../../../../src/metrics/catalogue.ts';
import { Trackers } from '../../../../src/tracker/trackers.ts';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { ScriptedEvents } from '../../../support/fakes/scripted-events.ts';
import { waitUntil } from '../../../support/real/daemon.ts';
import { ampleMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';
import { serve, type Served } from '../../http/serve.ts';

/** A runtime with two containers and its exposition behind a real server, whose clock is the test's. */
class ServedRuntime implements AsyncDisposable {
  readonly events = new ScriptedEvents();
  readonly runtime = new TrackedRuntime(['stays', 'goes'], undefined, undefined, {
    events: new ObservedEvents(),
  });
  readonly budget = new ByteBudget();
  readonly outcomes: string[] = [];
  readonly #prepared: PreparedScrapes;
  readonly #served: Promise<Served>;

  constructor() {
    const { runtime, budget, outcomes } = this;
    const { clock } = runtime;
    runtime.source.eventsOf = this.events.source;
    const telemetry = new Telemetry(
      {
        resource: {},
        otlp: undefined,
        console: false,
        prometheus: true,
        intervalMillis: 60_000,
        exportTimeoutMillis: 60_000,
        hostName: 'host',
        now: clock.now(),
      },
      { exportEnded: () => undefined },
    );
    const catalogue = catalogueOf(['semconv']);
    const trackers = new Trackers([runtime.set], ampleMillis, runtime.observer);
    telemetry.observe(trackers, catalogue, { containerIdLabel: false, runtimeLabel: false });
    const source = new ScrapeSource(telemetry, catalogue, {
      inlineTimeoutMillis: 20_000,
      created: false,
      budget,
    });
    this.#prepared = new PreparedScrapes(source, {
      clock,
      onPrepared: (outcome) => outcomes.push(outcome),
    });
    this.#served = serve({ metrics: this.#prepared });
  }

  /** Scrapes after that time: the names of the running containers. */
  async scrape(afterMillis: number): Promise<readonly string[]> {
    await this.runtime.clock.advance(afterMillis);
    const answer = await fetch(`${(await this.#served).url}/metrics`);
    const text = await answer.text();
    return [...text.matchAll(/^container_memory_usage_bytes\{container_name="(\w+)"\}/gm)].map(
      ([, name = '']) => name,
    );
  }

  /** Lets time pass until the page of the next scrape is held. */
  async untilPrepared(afterMillis = 9_900): Promise<void> {
    await this.runtime.clock.advance(afterMillis);
    await waitUntil('a page', async () => this.budget.heldBytes > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared.close();
    this.runtime.set.close();
    await (await this.#served).close();
  }
}

const both = ['stays', 'goes'];

test('a page made ahead shows what was probed for it, and its bytes go with the scrape', async () => {
  await using served = new ServedRuntime();
  for (const after of [0, 10_000, 10_000]) assert.deepEqual(await served.scrape(after), both);
  const { source } = served.runtime;
  const before = source.count('sample');
  await served.untilPrepared();
  assert.equal(source.count('sample'), before + 2);
  assert.deepEqual(await served.scrape(100), both);
  assert.equal(source.count('sample'), before + 2, 'no probe of its own');
  assert.deepEqual([served.outcomes, served.budget.heldBytes], [['served'], 0]);
});

test('a container that is removed between the page and its scrape is not shown', async () => {
  await using served = new ServedRuntime();
  for (const after of [0, 10_000, 10_000]) await served.scrape(after);
  await served.untilPrepared();
  const { source } = served.runtime;
  const gone = served.runtime.container('goes');
  source.containers = source.containers.filter((each) => each !== gone);
  served.events.emit(gone.id, 'destroy');
  assert.deepEqual(await served.scrape(100), ['stays']);
  assert.deepEqual(served.outcomes, ['outdated']);
});

test('neither is one whose event came before the page, and its removal after', async () => {
  await using served = new ServedRuntime();
  for (const after of [0, 10_000, 10_000]) await served.scrape(after);
  await served.runtime.clock.advance(9_400);
  // The last probe is young: the page shows what is known by then.
  await served.runtime.probe(0);
  const { source } = served.runtime;
  const listing = Promise.withResolvers<void>();
  source.before = (call) => (call === 'list' ? listing.promise : undefined);
  const gone = served.runtime.container('goes');
  served.events.emit(gone.id, 'destroy');
  await served.untilPrepared(500);
  source.containers = source.containers.filter((each) => each !== gone);
  listing.resolve();
  assert.deepEqual(await served.scrape(100), ['stays']);
  assert.deepEqual(served.outcomes, ['outdated']);
});
