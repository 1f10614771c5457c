import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../../../src/sources/source-error.ts';
import { firstProbe } from '../../../src/tracker/trackers.ts';
import { isPending } from '../../support/assert/is-pending.ts';
import { hang } from '../../support/fakes/scripted-source.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

/** A runtime waiting for its first probe, and the signal that aborts the wait. */
class Awaited extends TrackedRuntime {
  readonly given = new AbortController();

  first(): Promise<boolean> {
    return firstProbe(this.set, {
      clock: this.clock,
      signal: this.given.signal,
      waitMillis: 20_000,
      pauseMillis: 1000,
      maxPauseMillis: 2000,
    });
  }

  away(): void {
    this.source.before = () => {
      throw new SourceError('unreachable', 'connect ECONNREFUSED');
    };
  }
}

test('a runtime that answers at once has its first probe at once', async () => {
  const runtime = new Awaited(['a']);
  assert.equal(await runtime.first(), true);
  assert.equal(runtime.source.count('list'), 1);
});

test('a runtime that is away is asked again after pauses that grow up to a bound', async () => {
  const runtime = new Awaited(['a']);
  runtime.away();
  const first = runtime.first();
  await runtime.clock.advance(1000 + 1500 + 2000 + 2000);
  assert.equal(runtime.source.count('describe'), 5);
  assert.equal(await isPending(first), true);
  runtime.source.before = () => undefined;
  await runtime.clock.advance(2000);
  assert.equal(await first, true);
});

test('a first success that somebody else brought during a pause counts', async () => {
  const runtime = new Awaited(['a']);
  runtime.away();
  const first = runtime.first();
  await runtime.clock.advance(1000);
  runtime.source.before = () => undefined;
  await runtime.probe(1000);
  assert.equal(await isPending(first), true);
  await runtime.clock.advance(500);
  assert.equal(await first, true);
  assert.equal(runtime.source.count('list'), 1);
});

test('a probe that takes longer than one wait counts as soon as it ends', async () => {
  const runtime = new Awaited(['a']);
  runtime.source.before = (call) => (call === 'list' ? runtime.clock.sleep(50_000) : undefined);
  const first = runtime.first();
  await runtime.clock.advance(49_999);
  assert.equal(await isPending(first), true);
  await runtime.clock.advance(1);
  assert.equal(await first, true);
});

test('given up, it ends without a probe', async () => {
  const runtime = new Awaited(['a']);
  runtime.source.before = () => hang();
  const first = runtime.first();
  await runtime.clock.advance(20_500);
  runtime.given.abort();
  assert.equal(await first, false);
});
