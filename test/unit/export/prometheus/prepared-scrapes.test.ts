import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ByteBudget } from '../../../../src/concurrency/shared-bytes.ts';
import {
  PreparedScrapes,
  type OpenedPage,
  type PageSource,
} from '../../../../src/export/prometheus/prepared-scrapes.ts';
import { FakeClock } from '../../../support/fakes/fake-clock.ts';

const usualProbeMillis = 200;

/** Pages that say when they were opened; each takes a probe. */
class TimedPages implements PageSource {
  readonly budget = new ByteBudget(100);
  readonly opened: number[] = [];
  /** What the scrape had waited before each. */
  readonly waited: number[] = [];
  revision = 0;
  isFailing = false;
  probeMillis = usualProbeMillis;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async open(
    _request: object,
    _timeout: number | undefined,
    onCut: () => void,
    waitedMillis = 0,
  ): Promise<OpenedPage> {
    const openedAt = this.#clock.monotonic();
    this.waited.push(waitedMillis);
    this.opened.push(openedAt);
    await this.#clock.sleep(this.probeMillis);
    if (this.isFailing) throw new Error('nothing to show');
    const { revision } = this;
    const body = this.budget.body(once(`opened ${openedAt}`), 'identity');
    return { body, reader: body.read(onCut), isOutdated: () => this.revision !== revision };
  }
}

async function* once(content: string): AsyncGenerator<string> {
  yield content;
}

class Bench {
  readonly clock = new FakeClock();
  readonly pages = new TimedPages(this.clock);
  readonly outcomes: string[] = [];
  readonly scrapes = new PreparedScrapes(this.pages, {
    clock: this.clock,
    onPrepared: (outcome) => this.outcomes.push(outcome),
  });

  /** Lets time pass until that moment, and scrapes: when the page was opened, and how long the scraper waited. */
  async scrapeAt(
    at: number,
    { scraper = 'a', format = 'text' }: { scraper?: string; format?: 'text' | 'openmetrics' } = {},
  ): Promise<{ body: string; waited: number }> {
    const { clock } = this;
    await clock.advance(at - clock.monotonic());
    let waited = -1;
    const answer = this.scrapes
      .scrape({ format, encoding: 'identity', scraper }, 10, () => undefined)
      .then(text)
      .finally(() => (waited = clock.monotonic() - at));
    await clock.advance(0);
    for (let millis = 0; waited < 0 && millis < 2 * this.pages.probeMillis; millis += 10)
      await clock.advance(10);
    return { body: await answer, waited };
  }
}

/** A bench whose scraper `a` came at 0, 10 and 20 s: the next page is opened at 29.3 s. */
async function steady(): Promise<Bench> {
  const bench = new Bench();
  for (const at of [0, 10_000, 20_000])
    assert.deepEqual(await bench.scrapeAt(at), { body: `opened ${at}`, waited: usualProbeMillis });
  return bench;
}

test('from the fourth on, a scrape at a steady period gets a page that was opened shortly before', async () => {
  const bench = await steady();
  for (const at of [30_000, 40_000, 50_010, 60_000])
    assert.match((await bench.scrapeAt(at)).body, /^opened [2345]9\d\d\d$/);
  assert.equal((await bench.scrapeAt(70_000)).waited, 0);
  assert.deepEqual(bench.outcomes, Array(5).fill('served'));
  assert.equal(bench.pages.opened.length, 8, 'the next one is not due yet');
  assert.equal(bench.pages.budget.heldBytes, 0, 'nothing is held between two scrapes');
});

test('a page is opened half a period after the last one was whole, as it would hold the same otherwise', async () => {
  const bench = new Bench();
  bench.pages.probeMillis = 4000;
  for (const at of [0, 10_000, 20_000]) await bench.scrapeAt(at);
  await bench.scrapeAt(30_000);
  // Four seconds and a margin ahead would be 25.5 s, when what ended at 24 s was young.
  assert.equal(bench.pages.opened[3], 29_000);
  await bench.scrapeAt(40_000);
  assert.equal(bench.pages.opened[4], 38_000);
});

test('a page whose scrape does not come is let go, and no other is made until the period is seen again', async () => {
  const bench = await steady();
  await bench.clock.advance(9_900);
  assert.ok(bench.pages.budget.heldBytes > 0);
  await bench.clock.advance(1_200);
  assert.deepEqual([bench.outcomes, bench.pages.budget.heldBytes], [['unused'], 0]);
  await bench.clock.advance(600_000);
  assert.deepEqual(bench.pages.opened, [0, 10_000, 20_000, 29_300]);
  const again = [700_000, 710_000, 720_000];
  for (const at of again) assert.equal((await bench.scrapeAt(at)).body, `opened ${at}`);
  assert.equal((await bench.scrapeAt(730_000)).body, 'opened 729300');
});

test('a page is not given out once a container has changed', async () => {
  const bench = await steady();
  await bench.clock.advance(9_700);
  bench.pages.revision += 1;
  assert.equal((await bench.scrapeAt(30_000)).body, 'opened 30000');
  assert.equal((await bench.scrapeAt(40_000)).body, 'opened 39300');
  assert.deepEqual(bench.outcomes, ['outdated', 'served']);
});

test('what a scrape waited for a page that fails is no more to be waited for its own', async () => {
  const { clock, pages, scrapes } = await steady();
  await clock.advance(29_400 - clock.monotonic());
  pages.isFailing = true;
  const request = { format: 'text', encoding: 'identity', scraper: 'a' } as const;
  const failed = assert.rejects(
    scrapes.scrape(request, 10, () => undefined),
    /nothing to show/,
  );
  await clock.advance(100);
  await clock.advance(usualProbeMillis);
  await failed;
  assert.deepEqual(pages.waited, [0, 0, 0, 0, 100]);
});

test('where pages are always outdated, more and more periods are left out', async () => {
  const bench = await steady();
  for (let at = 30_000; at <= 200_000; at += 10_000) {
    await bench.clock.advance(at - 100 - bench.clock.monotonic());
    bench.pages.revision += 1;
    assert.equal((await bench.scrapeAt(at)).body, `opened ${at}`);
  }
  const ahead = bench.pages.opened.filter((at) => at % 10_000 !== 0);
  assert.deepEqual(ahead, [29_300, 39_300, 69_300, 119_300]);
  assert.deepEqual(bench.outcomes, Array(4).fill('outdated'));
  for (let at = 210_000; at <= 240_000; at += 10_000) await bench.scrapeAt(at);
  assert.deepEqual(bench.outcomes.slice(4), Array(4).fill('served'), 'then each one again');
});

test('scrapes at no steady period, or too often, are not prepared', async () => {
  for (const times of [
    [0, 10_000, 25_000, 32_000, 50_000],
    [0, 1_000, 2_000, 3_000, 4_000],
    [0, 400_000, 800_000, 1_200_000],
  ]) {
    const bench = new Bench();
    for (const at of times) assert.equal((await bench.scrapeAt(at)).body, `opened ${at}`);
    assert.deepEqual(bench.pages.opened, times);
  }
});

test('a scrape that comes while its page is being made waits for that page alone', async () => {
  const bench = await steady();
  assert.deepEqual(await bench.scrapeAt(29_400), { body: 'opened 29300', waited: 100 });
});

test('scrapers of different periods and formats have their pages apart', async () => {
  const bench = new Bench();
  const got: string[] = [];
  for (let at = 0; at <= 60_000; at += 1000) {
    if (at % 10_000 === 0) got.push((await bench.scrapeAt(at)).body);
    if (at % 15_000 === 4_000)
      got.push((await bench.scrapeAt(at, { scraper: 'b', format: 'openmetrics' })).body);
  }
  const prepared = ['opened 29300', 'opened 39300', 'opened 48300', 'opened 49300', 'opened 59300'];
  assert.deepEqual(
    got.filter((body) => prepared.includes(body)),
    prepared,
  );
});

test('the host’s clock may jump', async () => {
  const bench = await steady();
  bench.clock.jump(-3_600_000);
  assert.equal((await bench.scrapeAt(30_000)).body, 'opened 29300');
});

test('a page that cannot be made, or that others needed the memory of, is made again by its scrape', async () => {
  const bench = await steady();
  bench.pages.isFailing = true;
  await bench.clock.advance(9_700);
  bench.pages.isFailing = false;
  assert.equal((await bench.scrapeAt(30_000)).body, 'opened 30000');
  await bench.clock.advance(9_700);
  const other = bench.pages.budget.body(once('x'.repeat(100)), 'identity').read(() => undefined);
  await other.next();
  assert.equal((await bench.scrapeAt(40_000)).body, 'opened 40000');
  assert.deepEqual(bench.outcomes, ['outdated', 'outdated']);
});

test('after the end nothing is held and nothing is waited for', async () => {
  for (const millis of [5_000, 9_900]) {
    const bench = await steady();
    await bench.clock.advance(millis);
    bench.scrapes.close();
    await bench.clock.advance(0);
    assert.deepEqual([bench.clock.sleepers, bench.pages.budget.heldBytes], [0, 0]);
  }
});

test('past eight scrapers, the one that has not come for longest is forgotten', async () => {
  const bench = await steady();
  for (let number = 0; number < 8; number += 1)
    await bench.scrapeAt(21_000 + 500 * number, { scraper: `other ${number}` });
  assert.equal((await bench.scrapeAt(30_000)).body, 'opened 30000');
});
