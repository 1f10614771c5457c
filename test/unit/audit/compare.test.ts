import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compareMetrics, isWithin } from '../../../src/audit/compare.ts';
import { auditedMetrics, metricOf } from '../../../src/audit/audited-metrics.ts';
import { ourReadings } from '../../../src/audit/our-readings.ts';
import { parseExactJson } from '../../../src/sources/json.ts';
import { withFault } from '../../support/fakes/faulty-metric.ts';
import { captures, recordedText, runningContainers } from '../../support/wire/recorded-cases.ts';
import { snapshotFrom } from '../metrics/observed.ts';

/** The agent's snapshot after two responses, and these responses. */
function held(older: string, newer: string, inspect: unknown = {}) {
  const stats = parseExactJson(newer, 'newer');
  const read = Object(stats).read;
  const snapshot = snapshotFrom({
    stats,
    previous: parseExactJson(older, 'older'),
    inspect,
    receivedAt: Date.parse(String(read)) + 5,
  });
  return { snapshot, pair: { older, newer } };
}

const older = JSON.stringify({
  read: '2026-01-01T00:00:00.5Z',
  cpu_stats: { cpu_usage: { total_usage: 1e9 }, system_cpu_usage: 10e9 },
});
const whole = {
  read: '2026-01-01T00:00:02.5Z',
  cpu_stats: { cpu_usage: { total_usage: 2e9 }, system_cpu_usage: 14e9, online_cpus: 2 },
  memory_stats: { usage: 9000, limit: 90_000, stats: { inactive_file: 1000 } },
  networks: { eth0: { rx_bytes: 1000, tx_bytes: 2000 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'read', value: 500 },
      { major: 8, minor: 0, op: 'write', value: 600 },
    ],
  },
  pids_stats: { current: 100 },
};

function compared(newer: object, readings = ourReadings) {
  const { snapshot, pair } = held(older, JSON.stringify(newer));
  return compareMetrics(snapshot, pair, readings) ?? [];
}

suite('recorded answers of real runtimes', () => {
  for (const capture of captures) {
    test(`our figures of ${capture} are the docker command's`, () => {
      for (const container of runningContainers(capture)) {
        const { snapshot, pair } = held(
          recordedText(`${capture}/${container}/running_stats.json`),
          recordedText(`${capture}/${container}/stats.json`),
        );
        const comparisons = compareMetrics(snapshot, pair, ourReadings);
        assert.equal(comparisons?.length, auditedMetrics.length, container);
        for (const comparison of comparisons)
          assert.ok(isWithin(comparison, 1e-9), `${container}: ${JSON.stringify(comparison)}`);
      }
    });
  }
});

test('figures of one answer are equal', () => {
  const comparisons = compared(whole);
  assert.deepEqual(comparisons.map(({ figure }) => figure).toSorted(), [...auditedMetrics].toSorted());
  for (const comparison of comparisons) {
    assert.ok(comparison.command > 0, comparison.figure);
    assert.equal(comparison.difference, 0, comparison.figure);
  }
});

test('a fault planted in any formula is seen, and in that figure alone', () => {
  for (const metric of auditedMetrics) {
    const wrong = compared(whole, withFault(metric)).filter((comparison) => !isWithin(comparison, 0.001));
    assert.deepEqual(
      wrong.map((comparison) => comparison.figure),
      [metric],
    );
    assert.ok(Math.abs((wrong[0]?.difference ?? 0) - 1 + 1 / 1.01) < 1e-9);
  }
});

test('what is only counted must be equal, whatever the tolerance', () => {
  for (const metric of auditedMetrics) {
    const off = { figure: metric, ours: 1, command: 1.000_001, difference: 1e-6 };
    assert.equal(isWithin(off, 0.5), !metricOf(metric).isExact);
  }
});

test('a figure that the runtime does not give is no difference, one that we lose is', () => {
  const { memory_stats: memory, ...others } = whole;
  const of = (newer: object, readings = ourReadings) =>
    compared(newer, readings).find(({ figure }) => figure === 'memory');
  assert.deepEqual(of(others), { figure: 'memory', command: 0, difference: 0, absence: 'no-memory' });
  const podman = { ...others, memory_stats: { usage: memory.usage, limit: memory.limit } };
  const absence = 'no-working-set';
  assert.deepEqual(of(podman), { figure: 'memory', command: 9000, difference: 0, absence });
  const losing = { ...ourReadings, memory: () => undefined };
  assert.deepEqual(of(whole, losing), { figure: 'memory', command: 8000, difference: 1 });
  const nonsense = { ...ourReadings, memory: () => Number.NaN };
  assert.equal(of(whole, nonsense)?.difference, 1);
});

test('answers that the snapshot was not made of are not compared', () => {
  const newer = JSON.stringify(whole);
  const { snapshot, pair } = held(older, newer);
  const { previous: _previous, ...restarted } = snapshot;
  assert.equal(compareMetrics(restarted, pair, ourReadings), undefined);
  assert.equal(compareMetrics(snapshot, { older: newer, newer }, ourReadings), undefined);
  const { read: _read, ...timeless } = whole;
  const silent = held(older, JSON.stringify(timeless));
  assert.equal(compareMetrics(silent.snapshot, silent.pair, ourReadings), undefined);
});
