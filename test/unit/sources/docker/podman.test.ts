import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuPercent } from '../../../../src/metrics/formulas.ts';
import { parseStats } from '../../../../src/sources/docker/stats.ts';

const uncounted = { periods: 0, throttled_periods: 0, throttled_time: 0 };
const quiet = { rx_bytes: 0, rx_packets: 0, tx_bytes: 0, tx_packets: 0 };

/** Podman 4.3's response for a container limited to 0.3 CPUs on a host with 2, without a network. */
function recorded(read: string, total: number, system: number) {
  return {
    read,
    preread: '0001-01-01T00:00:00Z',
    pids_stats: { current: 1 },
    blkio_stats: { io_service_bytes_recursive: [], io_serviced_recursive: null },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: {
      cpu_usage: {
        total_usage: total,
        percpu_usage: [total, 0],
        usage_in_kernelmode: 36_000_000,
        usage_in_usermode: total - 36_000_000,
      },
      system_cpu_usage: system,
      online_cpus: 2,
      cpu: 533.850062286045,
      throttling_data: uncounted,
    },
    precpu_stats: {
      cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
      cpu: 0,
      throttling_data: uncounted,
    },
    memory_stats: { usage: 610_304, limit: 25_276_502_016 },
    name: 'busy',
    Id: '8bdb571751993123238092df1794bb2799c9cd4fbf4a26d3ec09828d70e9a677',
    networks: { network: quiet },
  };
}

const older = recorded('2026-11-25T09:07:01.727288254Z', 813_980_460, 3_938_791_584_026);
const newer = recorded('2026-11-25T09:07:03.825909769Z', 1_382_166_587, 3_942_987_247_416);

test('what Podman does not know is absent', () => {
  const sample = parseStats(newer, Date.parse(newer.read));
  assert.equal(sample?.cpu?.totalNanos, 1_382_166_587);
  assert.equal(sample.cpu.onlineCpus, 2);
  assert.equal(sample.memory?.usage, 610_304);
  assert.equal(sample.cpu.systemNanos, undefined, 'of the cgroup, not of the host');
  assert.equal(sample.cpu.throttling, undefined, 'never counted');
  assert.equal(sample.networks, undefined, 'there is none');
  assert.equal(sample.blockIo?.serviceBytes, undefined);
});

test('CPU is by wall clock', () => {
  const [before, after] = [older, newer].map((answer) => parseStats(answer, Date.parse(answer.read)));
  const percent = after && cpuPercent(after, before);
  assert.ok(percent !== undefined && Math.abs(percent - 27.07) < 0.05, `${percent}`);
});

test('what Podman has counted is believed', () => {
  const sample = parseStats(
    {
      ...newer,
      networks: { network: { ...quiet, rx_bytes: 5 } },
      cpu_stats: { ...newer.cpu_stats, throttling_data: { ...uncounted, periods: 3 } },
    },
    0,
  );
  assert.deepEqual(
    sample?.networks?.map(({ receivedBytes }) => receivedBytes),
    [5],
  );
  assert.equal(sample?.cpu?.throttling?.periods, 3);
});

test('the same answer of another engine is as it is', () => {
  const { cpu: _percentage, ...docker } = newer.cpu_stats;
  const sample = parseStats({ ...newer, cpu_stats: docker }, 0);
  assert.equal(sample?.cpu?.systemNanos, 3_942_987_247_416);
  assert.equal(sample.networks?.length, 1);
  assert.equal(sample.cpu.throttling?.periods, 0);
});
