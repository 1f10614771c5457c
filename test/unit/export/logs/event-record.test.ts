import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRecord } from '../../../../src/export/logs/event-logs.ts';
import type { ContainerEvent } from '../../../../src/model/events.ts';
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

test('the time is that of the event, to what a double holds; none that no field could hold', () => {
  const nanos = 1_763_000_000_123_456_768;
  assert.deepEqual(recordOf({ nanos }).timestamp, [1_763_000_000, 123_456_768]);
  assert.equal(recordOf({}).timestamp, undefined);
  assert.equal(recordOf({ nanos: 1e300 }).timestamp, undefined);
});
