import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { eventRecord } from '../../../../src/export/logs/event-logs.ts';
import type { ContainerEvent } from '../../../../src/model/events.ts';
import type { Sample } from '../../../../src/model/sample.ts';
import { containerEvent } from '../../../support/fakes/received-event.ts';

function recordOf(parts: Partial<ContainerEvent>) {
  return eventRecord(containerEvent(parts), 'web');
}

test('an end by failure, want of memory and a failed health check are warnings; all else is not', () => {
  const severity = (parts: Partial<ContainerEvent>) => recordOf(parts).severityText;
  assert.equal(severity({ action: 'start' }), 'INFO');
  assert.equal(severity({ action: 'die', exitCode: 0 }), 'INFO');
  assert.equal(severity({ action: 'die', exitCode: 137 }), 'WARN');
  assert.equal(severity({ action: 'oom' }), 'WARN');
  assert.equal(severity({ action: 'health_status', health: 'healthy' }), 'INFO');
  assert.equal(severity({ action: 'health_status', health: 'unhealthy' }), 'WARN');
});

test('the parts of an event are attributes; what it lacks is absent', () => {
  assert.deepEqual(recordOf({ action: 'die', exitCode: 137 }).attributes, {
    'container.event.action': 'die',
    'container.exit_code': 137,
  });
  assert.deepEqual(recordOf({ action: 'die' }).attributes, { 'container.event.action': 'die' });
  assert.deepEqual(recordOf({ action: 'kill', signal: '15' }).attributes, {
    'container.event.action': 'kill',
    'container.event.signal': '15',
  });
  const health = recordOf({ action: 'health_status', health: 'unhealthy' });
  assert.equal(health.eventName, 'container.health_status');
  assert.equal(health.attributes['container.health.status'], 'unhealthy');
  assert.equal(health.body, 'web: health_status: unhealthy');
});

test('the end of a run has what it had used, as far as that is known', () => {
  const usageOf = (last: Sample): Attributes => {
    const { 'container.event.action': _action, ...usage } = eventRecord(
      containerEvent({ action: 'die' }),
      'web',
      last,
    ).attributes;
    return usage;
  };
  const entry = { major: 8, minor: 0 };
  const serviceBytes = [
    { ...entry, operation: 'read', value: 10 },
    { ...entry, minor: 16, operation: 'read', value: 5 },
    { ...entry, operation: 'write', value: 7 },
    { ...entry, operation: 'total', value: 22 },
  ];
  const whole = {
    takenAt: 0,
    windows: false,
    cpu: { totalNanos: 15e8, userNanos: 1e9, kernelNanos: 5e8, throttling: { throttledNanos: 2e9 } },
    memory: { maxUsage: 4096, stats: {}, events: { oom_kill: 1 } },
    blockIo: { serviceBytes },
  };
  assert.deepEqual(usageOf(whole), {
    'container.cpu.time': 1.5,
    'container.cpu.user.time': 1,
    'container.cpu.system.time': 0.5,
    'container.cpu.throttling.throttled_time': 2,
    'container.memory.usage.peak': 4096,
    'container.memory.oom_kills': 1,
    'container.disk.read.bytes': 15,
    'container.disk.write.bytes': 7,
  });
  const unknown = { serviceBytes: [{ ...entry, operation: 'read' }] };
  assert.deepEqual(usageOf({ takenAt: 0, windows: false, blockIo: unknown }), {
    'container.disk.write.bytes': 0,
  });
});

test('the time is that of the event, to what a double holds; none that no field could hold', () => {
  const nanos = 1_763_000_000_123_456_768;
  assert.deepEqual(recordOf({ nanos }).timestamp, [1_763_000_000, 123_456_768]);
  assert.equal(recordOf({}).timestamp, undefined);
  assert.equal(recordOf({ nanos: 1e300 }).timestamp, undefined);
});
