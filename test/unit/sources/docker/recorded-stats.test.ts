import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../../src/model/sample.ts';
import { parseStats } from '../../../../src/sources/docker/stats.ts';
import {
  captures,
  KernelFiles,
  recordedJson,
  recordedText,
  runningContainers,
  type Capture,
} from '../../../support/wire/recorded-cases.ts';

const v2 = captures.filter((capture) => capture !== 'cgroup_v1');

/** The kernel's files of one container, and the sample from the engine's response of the same instant. */
function both(capture: Capture, container: string): { files: KernelFiles; sample: Sample } {
  const answer = recordedJson(`${capture}/${container}/stats.json`);
  const sample = parseStats(answer, Date.parse('2026-11-23T10:09:00Z'));
  assert.ok(sample, `${capture}/${container} has a sample`);
  return { files: new KernelFiles(capture, container), sample };
}

function each(of: readonly Capture[], check: (container: string, capture: Capture) => void): void {
  let checked = 0;
  for (const capture of of) {
    for (const container of runningContainers(capture)) {
      check(container, capture);
      checked += 1;
    }
  }
  assert.ok(checked >= 4 * of.length);
}

test('cgroup v2: CPU time and throttling are those of cpu.stat', () => {
  each(v2, (container, capture) => {
    const { files, sample } = both(capture, container);
    const micros = (key: string): number => files.keyed('cpu.stat', key) * 1000;
    assert.equal(sample.cpu?.totalNanos, micros('usage_usec'));
    assert.equal(sample.cpu.userNanos, micros('user_usec'));
    assert.equal(sample.cpu.kernelNanos, micros('system_usec'));
    assert.deepEqual(sample.cpu.throttling, {
      periods: files.keyed('cpu.stat', 'nr_periods'),
      throttledPeriods: files.keyed('cpu.stat', 'nr_throttled'),
      throttledNanos: micros('throttled_usec'),
    });
    assert.equal(sample.cpu.onlineCpus, 2);
    assert.equal(sample.windows, false);
  });
});

test('cgroup v1: CPU time is that of cpuacct, throttling that of cpu.stat', () => {
  each(['cgroup_v1'], (container, capture) => {
    const { files, sample } = both(capture, container);
    assert.equal(sample.cpu?.totalNanos, files.number('cpuacct/cpuacct.usage'));
    assert.deepEqual(
      sample.cpu.perCpuNanos,
      files.text('cpuacct/cpuacct.usage_percpu').split(' ').map(Number),
    );
    const ticks = (key: string): number => files.keyed('cpuacct/cpuacct.stat', key) * 10_000_000;
    assert.equal(sample.cpu.userNanos, ticks('user'));
    assert.equal(sample.cpu.kernelNanos, ticks('system'));
    assert.deepEqual(sample.cpu.throttling, {
      periods: files.keyed('cpu/cpu.stat', 'nr_periods'),
      throttledPeriods: files.keyed('cpu/cpu.stat', 'nr_throttled'),
      throttledNanos: files.keyed('cpu/cpu.stat', 'throttled_time'),
    });
  });
});

test('cgroup v2: memory is memory.current, and every key of the answer is in memory.stat', () => {
  each(v2, (container, capture) => {
    const { files, sample } = both(capture, container);
    assert.equal(sample.memory?.usage, files.number('memory.current'));
    for (const key of ['anon', 'inactive_file', 'file', 'pgfault', 'pgmajfault', 'kernel_stack'])
      assert.equal(
        sample.memory.stats[key],
        files.keyed('memory.stat', key),
        `${capture}/${container} ${key}`,
      );
    assert.equal(sample.memory.maxUsage, undefined);
    const limit = files.text('memory.max');
    if (limit !== 'max') assert.equal(sample.memory.limit, Number(limit));
  });
});

test('cgroup v1: memory is memory.usage_in_bytes, and integers above 2^53 keep their digits', () => {
  each(['cgroup_v1'], (container, capture) => {
    const { files, sample } = both(capture, container);
    assert.equal(sample.memory?.usage, files.number('memory/memory.usage_in_bytes'));
    assert.equal(sample.memory.maxUsage, files.number('memory/memory.max_usage_in_bytes'));
    for (const key of ['total_inactive_file', 'total_rss', 'total_pgfault', 'cache'])
      assert.equal(sample.memory.stats[key], files.keyed('memory/memory.stat', key));
    const text = files.text('memory/memory.stat');
    const literal = /^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1] ?? '';
    assert.equal(String(sample.memory.stats['hierarchical_memory_limit']), literal);
  });
});

test('tasks are those of pids.current; no limit is no limit, whatever integer stands for it', () => {
  each(captures, (container, capture) => {
    const { files, sample } = both(capture, container);
    const folder = capture === 'cgroup_v1' ? 'pids/' : '';
    assert.equal(sample.pids?.current, files.number(`${folder}pids.current`));
    const limit = files.text(`${folder}pids.max`);
    assert.equal(sample.pids.limit, limit === 'max' ? undefined : Number(limit), `${capture}/${container}`);
  });
  assert.match(recordedText('cgroup_v2/idle/stats.json'), /"limit":18446744073709551615/);
});

test('cgroup v2: block I/O is that of io.stat, in bytes only', () => {
  each(v2, (container, capture) => {
    const { files, sample } = both(capture, container);
    const expected = files
      .text('io.stat')
      .split('\n')
      .flatMap((line) => {
        const parts = /^(\d+):(\d+) rbytes=(\d+) wbytes=(\d+)/.exec(line)?.slice(1).map(Number);
        if (!parts) return [];
        const [major = 0, minor = 0, read = 0, write = 0] = parts;
        return [
          { major, minor, operation: 'read', value: read },
          { major, minor, operation: 'write', value: write },
        ];
      });
    assert.deepEqual(sample.blockIo?.serviceBytes ?? [], expected, `${capture}/${container}`);
    assert.equal(sample.blockIo?.serviced, undefined);
  });
});

test('cgroup v1: block I/O is that of the throttle files, and absent when none is counted', () => {
  const { files, sample } = both('cgroup_v1', 'io_writer');
  const read = (name: string, operation: string): number =>
    files.keyed(`blkio/blkio.throttle.${name}_recursive`, `254:0 ${operation}`);
  for (const [list, name] of [
    [sample.blockIo?.serviceBytes, 'io_service_bytes'],
    [sample.blockIo?.serviced, 'io_serviced'],
  ] as const) {
    const valueOf = (operation: string): unknown =>
      list?.find((entry) => entry.operation === operation)?.value;
    assert.equal(valueOf('read'), read(name, 'Read'));
    assert.equal(valueOf('write'), read(name, 'Write'));
  }
  assert.deepEqual(both('cgroup_v1', 'io_writer_not_counted').sample.blockIo, {});
});

test('interfaces are those of /proc/PID/net/dev without the loopback; none for --network none', () => {
  each(captures, (container, capture) => {
    const lines = recordedText(`${capture}/${container}/proc_net_dev.txt`).trim().split('\n').slice(2);
    const expected = lines
      .map((line) => line.trim().split(/:?\s+/))
      .filter(([name]) => name !== 'lo')
      .map(([name, ...counts]) => [name, ...counts.map(Number)]);
    const found = (both(capture, container).sample.networks ?? []).map((usage) => [
      usage.name,
      usage.receivedBytes,
      usage.receivedPackets,
      usage.transmittedBytes,
      usage.transmittedPackets,
    ]);
    const columns = expected.map((row) => [row[0], row[1], row[2], row[9], row[10]]);
    assert.deepEqual(found, columns, `${capture}/${container}`);
  });
  assert.equal(both('cgroup_v2', 'idle').sample.networks, undefined);
});

test('a container that ended has no sample at all', () => {
  for (const capture of captures) {
    assert.equal(parseStats(recordedJson(`${capture}/oom_exited/stats.json`), Date.now()), undefined);
  }
});

test('an answer with nothing but networks is a sample of them', () => {
  const died = { cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {}, pids_stats: {} };
  assert.equal(parseStats({ ...died, networks: {} }, 1000), undefined);
  const sample = parseStats({ ...died, networks: { eth0: { rx_bytes: 7 } } }, 1000);
  assert.deepEqual(sample?.networks, [{ name: 'eth0', receivedBytes: 7 }]);
  assert.deepEqual([sample?.cpu, sample?.memory, sample?.pids], [undefined, undefined, undefined]);
});

test('the two-sample answer carries the previous CPU reading', () => {
  for (const capture of captures) {
    const sample = parseStats(recordedJson(`${capture}/engine/two_sample_stats.json`), Date.now());
    assert.ok(sample?.previousCpu?.takenAt && sample.readAt && sample.cpu);
    assert.ok(sample.readAt > sample.previousCpu.takenAt);
    assert.ok((sample.cpu.totalNanos ?? 0) > sample.previousCpu.totalNanos);
  }
});
