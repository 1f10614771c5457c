import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandReadings } from '../../../src/audit/compare.ts';

const linux = { runtimeName: 'docker', osType: 'linux' };

function answer(parts: object, read = '2026-01-01T00:00:00.000000001Z'): string {
  return JSON.stringify({ read, ...parts });
}

function cpu(total: number, system: number, others: object = {}): object {
  return { cpu_stats: { cpu_usage: { total_usage: total }, system_cpu_usage: system, ...others } };
}

test('CPU as the docker command computes it', () => {
  const older = answer(cpu(1e9, 10e9));
  const newer = answer(cpu(1.5e9, 12e9, { online_cpus: 2 }), '2026-01-01T00:00:02.000000001Z');
  const readings = commandReadings(older, newer, linux);
  assert.equal(readings['cpu-percent'], 50);
  assert.equal(readings.cpus, 0.25);
  assert.equal(commandReadings(newer, older, linux)['cpu-percent'], 0, 'a counter that fell');
});

test('the list of cores counts the CPUs where the runtime gives no number', () => {
  const older = answer(cpu(0, 0));
  const newer = answer({
    cpu_stats: { cpu_usage: { total_usage: 1, percpu_usage: [1, 0, 0] }, system_cpu_usage: 3 },
  });
  assert.equal(commandReadings(older, newer, linux)['cpu-percent'], 100);
});

test('memory without the inactive page cache of either cgroup version, and never below it', () => {
  const memory = (usage: number, stats: object): number => {
    const newer = answer({ memory_stats: { usage, limit: 400, stats } });
    const readings = commandReadings(answer({}), newer, linux);
    assert.equal(readings['memory-percent'], readings.memory / 4);
    return readings.memory;
  };
  assert.equal(memory(100, { total_inactive_file: 30, inactive_file: 1 }), 70);
  assert.equal(memory(100, { inactive_file: 40 }), 60);
  assert.equal(memory(100, { inactive_file: 100 }), 100);
  assert.equal(memory(100, {}), 100);
});

test('sums over interfaces and devices, without what cgroup v1 lists besides', () => {
  const newer = answer({
    networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
    blkio_stats: {
      io_service_bytes_recursive: [
        { op: 'Read', value: 1 },
        { op: 'write', value: 2 },
        { op: 'Sync', value: 3 },
        { op: 'Total', value: 3 },
        { op: 'read', value: 10 },
      ],
    },
    pids_stats: { current: 7 },
  });
  const readings = commandReadings(answer({}), newer, linux);
  const { 'network-received': received, 'network-transmitted': transmitted } = readings;
  assert.deepEqual([received, transmitted], [11, 22]);
  assert.deepEqual([readings['block-read'], readings['block-written'], readings.pids], [11, 2, 7]);
});

test('what an answer lacks is 0', () => {
  const readings = commandReadings('{}', '{"networks":null,"memory_stats":{},"cpu_stats":7}', linux);
  assert.deepEqual([...new Set(Object.values(readings))], [0]);
});

test('Windows counts ticks of 100 ns over all processors', () => {
  const windows = { runtimeName: 'docker', osType: 'windows' };
  const older = answer({ cpu_stats: { cpu_usage: { total_usage: 0 } } });
  const newer = answer(
    {
      num_procs: 4,
      cpu_stats: { cpu_usage: { total_usage: 2e7 } },
      memory_stats: { privateworkingset: 5 },
      storage_stats: { read_size_bytes: 6, write_size_bytes: 7 },
    },
    '2026-01-01T00:00:01.000000001Z',
  );
  const readings = commandReadings(older, newer, windows);
  assert.deepEqual([readings['cpu-percent'], readings.cpus, readings.memory], [50, 2, 5]);
  assert.deepEqual([readings['block-read'], readings['block-written']], [6, 7]);
});

test('Podman divides by wall clock', () => {
  const older = answer(cpu(0, 1e12));
  const newer = answer(cpu(3e8, 1.0001e12, { online_cpus: 2 }), '2026-01-01T00:00:01.000000001Z');
  const readings = commandReadings(older, newer, { runtimeName: 'podman', osType: 'linux' });
  assert.equal(readings['cpu-percent'], 30);
});
