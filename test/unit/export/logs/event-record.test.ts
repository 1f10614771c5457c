import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRecord } from '../../../../src/export/logs/event-logs.ts';

function recordOf(action: string, attributes: Readonly<Record<string, string>> = {}, nanos?: number) {
  return eventRecord({ id: 'a', action, attributes, ...(nanos !== undefined && { nanos }) }, 'web');
}

test('an end by failure, want of memory and a failed health check are warnings; all else is not', () => {
  const severity = (action: string, exitCode?: string) =>
    recordOf(action, exitCode === undefined ? {} : { exitCode }).severityText;
  assert.equal(severity('start'), 'INFO');
  assert.equal(severity('die', '0'), 'INFO');
  assert.equal(severity('die', '137'), 'WARN');
  assert.equal(severity('oom'), 'WARN');
  assert.equal(severity('health_status: healthy'), 'INFO');
  assert.equal(severity('health_status: unhealthy'), 'WARN');
});

test('what the event tells are attributes; nonsense is absent', () => {
  assert.deepEqual(recordOf('die', { exitCode: '137' }).attributes, {
    'container.event.action': 'die',
    'container.exit_code': 137,
  });
  assert.deepEqual(recordOf('die', { containerExitCode: '3' }).attributes['container.exit_code'], 3);
  assert.deepEqual(recordOf('die', { exitCode: 'many' }).attributes, { 'container.event.action': 'die' });
  assert.deepEqual(recordOf('kill', { signal: '15' }).attributes, {
    'container.event.action': 'kill',
    'container.event.signal': '15',
  });
  const health = recordOf('health_status: unhealthy');
  assert.equal(health.eventName, 'container.health_status');
  assert.equal(health.attributes['container.health.status'], 'unhealthy');
  assert.equal(health.body, 'web: health_status: unhealthy');
});

test('the time is that of the event, to what a double holds; none that no field could hold', () => {
  const nanos = 1_763_000_000_123_456_768;
  assert.deepEqual(recordOf('start', {}, nanos).timestamp, [1_763_000_000, 123_456_768]);
  assert.equal(recordOf('start').timestamp, undefined);
  assert.equal(recordOf('start', {}, 1e300).timestamp, undefined);
});
