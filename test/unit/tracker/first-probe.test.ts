import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../../../src/sources/source-error.ts';
import { firstProbe } from '../../../src/tracker/first-probe.ts';
import { isPending } from '../../support/assert/is-pending.ts';
import { hang } from '../../support/fakes/scripted-source.ts';
import { TrackedEngine } from '../../support/fakes/tracked-engine.ts';

/** An engine whose first probe is asked for, and the signal that gives that up. */
class Awaited extends TrackedEngine {
  readonly given = new AbortController();

  first(): Promise<boolean> {
    return firstProbe(this.set, {
      clock: this.clock,
      signal: this.given.signal,
      waitMillis: 20_000,
      pauseMillis: 1000,
      longestPauseMillis: 2000,
    });
  }

  away(): void {
    this.source.before = () => {
      throw new SourceError('unreachable', 'connect ECONNREFUSED');
    };
  }
}

test('an engine that answers at once has its first probe at once', async () => {
  const engine = new Awaited(['a']);
  assert.equal(await engine.first(), true);
  assert.equal(engine.source.count('list'), 1);
});

test('an engine that is away is asked again after pauses that grow up to a bound', async () => {
  const engine = new Awaited(['a']);
  engine.away();
  const first = engine.first();
  await engine.clock.advance(1000 + 1500 + 2000 + 2000);
  assert.equal(engine.source.count('describe'), 5);
  assert.equal(await isPending(first), true);
  engine.source.before = () => undefined;
  await engine.clock.advance(2000);
  assert.equal(await first, true);
});

test('a first success that somebody else brought during a pause counts', async () => {
  const engine = new Awaited(['a']);
  engine.away();
  const first = engine.first();
  await engine.clock.advance(1000);
  engine.source.before = () => undefined;
  await engine.probe(1000);
  assert.equal(await isPending(first), true);
  await engine.clock.advance(500);
  assert.equal(await first, true);
  assert.equal(engine.source.count('list'), 1);
});

test('a probe that takes longer than one wait counts as soon as it ends', async () => {
  const engine = new Awaited(['a']);
  engine.source.before = (call) => (call === 'list' ? engine.clock.sleep(50_000) : undefined);
  const first = engine.first();
  await engine.clock.advance(49_999);
  assert.equal(await isPending(first), true);
  await engine.clock.advance(1);
  assert.equal(await first, true);
});

test('given up, it ends without a probe', async () => {
  const engine = new Awaited(['a']);
  engine.source.before = () => hang();
  const first = engine.first();
  await engine.clock.advance(20_500);
  engine.given.abort();
  assert.equal(await first, false);
});
