import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OtlpRequest } from '../../../support/real/collector.ts';
import { agrees, pairsOf, shareOf, type Pair } from '../../../../scripts/side-by-side/compare.ts';

const metricName = 'container.memory.usage.total';

/** One point at a second. */
function request(scope: string, second: number, value: number, counted = false): OtlpRequest {
  const dataPoints = [{ timeUnixNano: `${second}000000000`, asInt: String(value) }];
  const metric = counted
    ? { name: 'c', unit: 'ns', sum: { dataPoints, isMonotonic: true } }
    : { name: metricName, unit: 'By', gauge: { dataPoints } };
  const attributes = [{ key: 'container.name', value: { stringValue: 'a' } }];
  return {
    resourceMetrics: [
      { resource: { attributes }, scopeMetrics: [{ scope: { name: scope }, metrics: [metric] }] },
    ],
  };
}

function onlyPair(requests: readonly OtlpRequest[]): Pair {
  const pairs = pairsOf(requests, { at: [60_000], pauseMillis: 60_000 });
  assert.equal(pairs.length, 1);
  const [pair] = pairs;
  assert.ok(pair);
  return pair;
}

function counters(theirs: number): Pair {
  const ours = [58, 59, 62, 64].map((second) => request('tidegauge', second, second * 100, true));
  return onlyPair([...ours, request('receiver', 60, theirs, true)]);
}

test('a counter agrees within what ours was from before to after the receiver asked, and no further', () => {
  assert.deepEqual(counters(6000).ours, [5900, 6400]);
  assert.ok(agrees(counters(5900)) && agrees(counters(6400)));
  assert.ok(!agrees(counters(5899)) && !agrees(counters(6401)));
});

test('memory agrees within 2 %, or within what the kernel charges at once', () => {
  const memory = (theirs: number): Pair =>
    onlyPair([request('tidegauge', 59, 100_000_000), request('receiver', 60, theirs)]);
  assert.ok(agrees(memory(98_100_000)));
  assert.ok(!agrees(memory(97_900_000)));
  const small = onlyPair([request('tidegauge', 59, 100_000), request('receiver', 60, 300_000)]);
  assert.ok(shareOf(small) > 0.5 && agrees(small));
});

test('what only the receiver has agrees when it is an invented zero', () => {
  assert.ok(agrees(onlyPair([request('receiver', 60, 0)])));
  assert.ok(!agrees(onlyPair([request('receiver', 60, 5)])));
  assert.ok(agrees(onlyPair([request('tidegauge', 60, 5)])));
});
