import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prometheusLabel, prometheusName } from '../../../src/metrics/prometheus-names.ts';

const cases = [
  ['container.memory.usage', 'updowncounter', 'By', 'container_memory_usage_bytes', 'bytes'],
  ['container.cpu.time', 'counter', 's', 'container_cpu_time_seconds_total', 'seconds'],
  ['container.cpu.usage', 'gauge', '{cpu}', 'container_cpu_usage', ''],
  ['container.cpu.limit.utilization', 'gauge', '1', 'container_cpu_limit_utilization_ratio', 'ratio'],
  ['queue.depth', 'updowncounter', '1', 'queue_depth', ''],
  ['events', 'counter', '1', 'events_total', ''],
  ['docker_probe_duration_seconds', 'histogram', 's', 'docker_probe_duration_seconds', 'seconds'],
  ['probe.duration', 'histogram', 'ms', 'probe_duration_milliseconds', 'milliseconds'],
  ['net.rate', 'gauge', 'By/s', 'net_rate_bytes_per_second', 'bytes_per_second'],
  ['net.rate', 'gauge', '{packet}/s', 'net_rate_per_second', 'per_second'],
  ['cpu.used', 'gauge', '%', 'cpu_used_percent', 'percent'],
  ['done_total', 'counter', 'By', 'done_bytes_total', 'bytes'],
  ['done_bytes_total', 'counter', 'By', 'done_bytes_total', 'bytes'],
  ['bytes', 'gauge', 'By', 'bytes', ''],
  ['a..b--c', 'gauge', '', 'a_b_c', ''],
  ['2xx', 'counter', '{response}', '_2xx_total', ''],
  ['größe:x', 'gauge', 'furlong', 'gr_e_x_furlong', 'furlong'],
  ['odd_', 'counter', '', 'odd_total', ''],
  ['', 'gauge', '', '_', ''],
] as const;

for (const [name, kind, unit, expected, expectedUnit] of cases) {
  test(`${kind} "${name}" in "${unit}" is exposed as ${expected}`, () => {
    assert.deepEqual(prometheusName({ name, kind, unit }), { name: expected, unit: expectedUnit });
  });
}

test('a label name has neither dots nor colons nor a leading digit', () => {
  assert.equal(prometheusLabel('network.interface.name'), 'network_interface_name');
  assert.equal(prometheusLabel('1:a'), '_1_a');
  assert.equal(prometheusLabel(''), '_');
});
