import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { uptime } from '../../../src/metrics/formulas.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { DockerSource } from '../../../src/sources/docker/docker-source.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { TrackerSet } from '../../../src/tracker/tracker-set.ts';
import { KeptLog, ObservedProbes } from '../../support/fakes/observed-probes.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

const minute = 60_000;
const hour = 60 * minute;
const year = 365 * 24 * hour;
/** Longer than any answer takes. */
const toleranceMillis = minute;

/** An engine whose clock is that far ahead, with a container that started ten minutes ago by its clock. */
async function measured(ahead: number) {
  let moved = ahead - 10 * minute;
  await using runtime = await startSimulatedEngine({
    specs: [{ name: 'web', image: 'web:1' }],
    now: () => Date.now() + moved,
  });
  moved = ahead;
  runtime.advance();
  const log = new KeptLog();
  const source = new DockerSource({
    endpoint: { url: runtime.url },
    callTimeoutMillis: minute,
    now: () => Date.now(),
  });
  const timing = { minProbeIntervalMillis: 1, probeTimeoutMillis: minute };
  const set = new TrackerSet({ source, observer: new ObservedProbes(), clock: systemClock, log, ...timing });
  for (const _round of [1, 2, 3]) await set.update(minute);
  const snapshot = set.snapshot();
  set.close();
  return { snapshot, log };
}

function expectNear(value: number | undefined, expected: number): void {
  assert.ok(
    value !== undefined && Math.abs(value - expected) < toleranceMillis,
    `${value} is not near ${expected}`,
  );
}

suite('an engine whose clock is off', { concurrency: true }, () => {
  for (const [what, ahead] of [
    ['three hours ahead', 3 * hour],
    ['three hours behind', -3 * hour],
    ['five years ahead', 5 * year],
    ['thirty years behind', -30 * year],
    ['right', 0],
  ] as const) {
    test(`${what}: uptime is by its clock, points and the starts of counters by the agent’s`, async () => {
      const { snapshot, log } = await measured(ahead);
      const [web] = snapshot.containers;
      assert.ok(web?.sample);
      const { sample, starts, state } = web;
      expectNear((uptime(web) ?? NaN) * 1000, 10 * minute);
      expectNear(state.startedAt, Date.now() + ahead - 10 * minute);
      expectNear(sample.takenAt, Date.now());
      for (const group of ['cpu', 'memory', 'network eth0', 'restarts'] as const) {
        expectNear(starts.of(group), Date.now() - 10 * minute);
        assert.ok(starts.of(group) <= sample.takenAt);
      }
      expectNear(snapshot.runtime.clockOffsetMillis, ahead);
      if (ahead === 0) assert.equal(snapshot.runtime.clockOffsetMillis, 0);
      const warnings = log.messages.filter((message) => message.startsWith('clock of the runtime'));
      assert.equal(warnings.length, ahead === 0 ? 0 : 1);
    });
  }
});

test('a clock that jumps is requested anew by the next probe, and no point has its time meanwhile', async () => {
  let ahead = 0;
  await using runtime = await startSimulatedEngine({
    specs: [{ name: 'web', image: 'web:1' }],
    now: () => Date.now() + ahead,
  });
  const source = new DockerSource({
    endpoint: { url: runtime.url },
    callTimeoutMillis: minute,
    now: () => Date.now(),
  });
  let later = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + later };
  const log = new KeptLog();
  const timing = { minProbeIntervalMillis: 1, probeTimeoutMillis: minute };
  const set = new TrackerSet({ source, observer: new ObservedProbes(), clock, log, ...timing });
  const offset = () => set.snapshot().runtime.clockOffsetMillis;
  await set.update(minute);
  for (const jump of [5 * minute, -3 * hour, 0]) {
    ahead = jump;
    // Older than responses of a runtime may disagree, younger than the description of one whose clock is right.
    for (const _probe of ['shows the jump', 'measures it']) {
      later += 20_000;
      runtime.advance();
      await set.update(minute);
      expectNear(set.snapshot().containers[0]?.sample?.takenAt, Date.now());
    }
    expectNear(offset(), jump);
  }
  set.close();
  assert.deepEqual(
    log.messages.filter((message) => message.startsWith('clock')),
    [
      'clock of the runtime differs from the agent’s: uptimes are by the runtime’s',
      'clock of the runtime agrees with the agent’s again',
    ],
  );
});

test('a runtime is described when it is first probed, every ten minutes, and when its clock jumped', async () => {
  const runtime = new TrackedRuntime(['a']);
  const described = async (afterMillis: number, clockJumped = false) => {
    runtime.source.clockJumped = clockJumped;
    const before = runtime.source.count('describe');
    await runtime.probe(afterMillis);
    return runtime.source.count('describe') - before;
  };
  assert.deepEqual(runtime.set.runtime, { name: runtime.source.name, warnings: [] });
  assert.equal(await described(0), 1);
  assert.equal(await described(9 * minute), 0);
  assert.equal(await described(minute), 1);
  // Not at each probe, should the responses of a runtime disagree for good.
  assert.equal(await described(5000, true), 0);
  assert.equal(await described(5000, true), 1);
  assert.equal(await described(20_000), 0);
});

test('a failed description is no failed list', async () => {
  const runtime = new TrackedRuntime(['a']);
  runtime.source.before = (call) => {
    if (call === 'describe') throw new SourceError('unreachable', 'away');
  };
  await runtime.probe();
  assert.deepEqual(runtime.observer.errors('describe'), ['unreachable']);
  assert.deepEqual(runtime.observer.errors('list'), []);
});

test('a clock that goes wrong, and one that is put right, are logged once each', async () => {
  const runtime = new TrackedRuntime(['a']);
  const starts = () => runtime.snapshot('a')?.starts.of('cpu');
  await runtime.probe();
  const before = starts();
  for (const offset of [0, 3 * hour, 3 * hour + 700, -2 * hour, 0, 0]) {
    runtime.source.clockOffsetMillis = offset;
    await runtime.probe(11 * minute);
    assert.equal(starts(), before);
  }
  assert.deepEqual(
    runtime.log.messages.filter((message) => message.startsWith('clock')),
    [
      'clock of the runtime differs from the agent’s: uptimes are by the runtime’s',
      'clock of the runtime agrees with the agent’s again',
    ],
  );
});
