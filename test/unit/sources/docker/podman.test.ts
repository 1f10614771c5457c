import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absencesOf } from '../../../../src/metrics/absence.ts';
import { cpuPercent } from '../../../../src/metrics/formulas.ts';
import { parseStats } from '../../../../src/sources/docker/stats.ts';
import { semconv, snapshotWith } from '../../metrics/observed.ts';

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

/** Podman's entries of one line of `io.stat`: `8:16 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=512 dios=3`. */
const ioStat = [
  { major: 16, minor: 8, op: 'read', value: 4096 },
  { major: 16, minor: 8, op: 'write', value: 8192 },
  { major: 16, minor: 8, op: 'rios', value: 1 },
  { major: 16, minor: 8, op: 'wios', value: 2 },
  { major: 16, minor: 8, op: 'dbytes', value: 512 },
  { major: 16, minor: 8, op: 'dios', value: 3 },
];

function blockIoOf(bytes: unknown) {
  const blkio = { io_service_bytes_recursive: bytes, io_serviced_recursive: null };
  const sample = parseStats({ ...newer, blkio_stats: blkio }, 0) ?? assert.fail();
  const lines = (list: 'serviceBytes' | 'serviced') =>
    sample.blockIo?.[list]?.map(({ major, minor, operation, value }) => {
      return `${major}:${minor} ${operation} ${value}`;
    });
  return { sample, bytes: lines('serviceBytes'), operations: lines('serviced') };
}

test('cgroup v2: operations among the bytes are operations, and the device is the kernel’s', () => {
  const { sample, bytes, operations } = blockIoOf(ioStat);
  assert.deepEqual(bytes, ['8:16 read 4096', '8:16 write 8192', '8:16 discard 512']);
  assert.deepEqual(operations, ['8:16 read 1', '8:16 write 2', '8:16 discard 3']);
  assert.equal(sample.unknown, undefined);
});

test('container.disk.operations has those of Podman', () => {
  const snapshot = snapshotWith({ sample: blockIoOf(ioStat).sample });
  const operations = [...semconv(snapshot)].filter(([name]) => name.startsWith('container.disk.operations'));
  assert.deepEqual(operations, [
    ['container.disk.operations{"system.device":"8:16","disk.io.direction":"read"}', 1],
    ['container.disk.operations{"system.device":"8:16","disk.io.direction":"write"}', 2],
  ]);
  assert.ok(!absencesOf(snapshot).includes('no-disk-operations'));
});

test('the order of a device’s numbers is kept where only that can be the kernel’s', () => {
  const inOrder = [
    { major: 259, minor: 0, op: 'read', value: 1 },
    { major: 8, minor: 16, op: 'wios', value: 2 },
  ];
  const { bytes, operations } = blockIoOf(inOrder);
  assert.deepEqual(bytes, ['259:0 read 1']);
  assert.deepEqual(operations, ['8:16 write 2']);
  assert.deepEqual(blockIoOf([{ major: 0, minor: 259, op: 'read', value: 1 }]).bytes, ['259:0 read 1']);
});

test('cgroup v1: Podman gives bytes only', () => {
  const { bytes, operations, sample } = blockIoOf([
    { major: 0, minor: 8, op: 'Read', value: 4096 },
    { major: 0, minor: 8, op: 'Total', value: 4096 },
  ]);
  assert.deepEqual(bytes, ['8:0 read 4096', '8:0 total 4096']);
  assert.equal(operations, undefined);
  assert.ok(absencesOf(snapshotWith({ sample })).includes('no-disk-operations'));
});

test('costs and latencies of io.stat are no bytes; what is malformed is unknown, not nothing', () => {
  const cost = { major: 0, minor: 8, op: 'cost.usage', value: 77 };
  assert.equal(blockIoOf([cost]).bytes, undefined);
  const broken = blockIoOf([{ major: 0, minor: 8, op: 5, value: 1 }, null, ...ioStat]);
  assert.deepEqual(broken.sample.unknown, ['blockIo']);
  assert.deepEqual(broken.operations?.length, 3);
  assert.deepEqual(blockIoOf('nothing').sample.unknown, ['blockIo']);
});

test('another engine’s list is as it is', () => {
  const { cpu: _percentage, ...docker } = newer.cpu_stats;
  const blkio = { io_service_bytes_recursive: ioStat.slice(0, 3) };
  const sample = parseStats({ ...newer, cpu_stats: docker, blkio_stats: blkio }, 0);
  assert.deepEqual(
    sample?.blockIo?.serviceBytes?.map(({ major, operation }) => [major, operation]),
    [
      [16, 'read'],
      [16, 'write'],
      [16, 'rios'],
    ],
  );
  assert.equal(sample.blockIo.serviced, undefined);
});
