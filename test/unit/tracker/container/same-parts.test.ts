import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Sample } from '../../../../src/model/sample.ts';
import type { CounterStarts } from '../../../../src/model/snapshot.ts';
import {
  cgroupCounters,
  CounterStartTimes,
  NetworkStartTimes,
} from '../../../../src/tracker/container/start-times.ts';

/** Samples that share their parts, as one usage source gives them. */
const samples: readonly Pick<Sample, 'cpu' | 'memory' | 'pressure' | 'networks'>[] = [
  { cpu: { totalNanos: 5, perCpuNanos: [2, 3] }, memory: { failures: 2, stats: { pgfault: 5 } } },
  { cpu: { totalNanos: 7, throttling: { periods: 4 } }, pressure: { cpu: { someNanos: 4 } } },
  { memory: { failures: 1, stats: { pgfault: 9 } }, networks: [{ name: 'eth0', receivedBytes: 9 }] },
  { pressure: { cpu: { someNanos: 3 } }, networks: [{ name: 'eth0', receivedBytes: 3 }, { name: 'eth1' }] },
];

const counters = [
  ['cpu', 'total'],
  ['cpu', 'core 0'],
  ['cpu', 'periods'],
  ['memory', 'failures'],
  ['memory', 'pgfault'],
  ['pressure', 'cpu someNanos'],
  ['network eth0', 'receivedBytes'],
] as const;

function startsOf(starts: CounterStarts): readonly number[] {
  return counters.map(([group, counter]) => starts.of(group, counter));
}

/** Any two of them joined, the second's parts over the first's. */
const chosen = fc.array(fc.tuple(fc.nat(samples.length - 1), fc.nat(samples.length - 1)));

test('parts that are the same objects as before count as their copies do', () => {
  fc.assert(
    fc.property(chosen, (rounds) => {
      const [shared, copied] = [0, 1].map(() => ({
        run: new CounterStartTimes(1, cgroupCounters),
        network: new NetworkStartTimes(),
      }));
      assert.ok(shared && copied);
      for (const [index, [first, second]] of rounds.entries()) {
        const sample: Sample = { takenAt: 10 + index, windows: false, ...samples[first], ...samples[second] };
        assert.equal(shared.run.accept(sample), copied.run.accept(structuredClone(sample)));
        shared.network.accept(sample);
        copied.network.accept(structuredClone(sample));
        assert.deepEqual(startsOf(shared.run.starts), startsOf(copied.run.starts));
        assert.deepEqual(startsOf(shared.network.ofOwner(1)), startsOf(copied.network.ofOwner(1)));
      }
    }),
  );
});
