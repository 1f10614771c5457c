import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockOffset } from '../../../../src/sources/docker/engine.ts';

const now = Date.UTC(2026, 10, 28);
const hour = 3_600_000;

/** Of an engine that answered within 200 ms. */
function offset(hostTime: { readonly SystemTime?: unknown; readonly date?: string }): number | undefined {
  const { SystemTime, date } = hostTime;
  return clockOffset({ info: { SystemTime }, date, sentAt: now, receivedAt: now + 200 });
}

const iso = (millis: number): string => new Date(millis).toISOString();
const http = (millis: number): string => new Date(millis).toUTCString();

test('SystemTime is exact: the offset is from the middle of the round trip', () => {
  assert.equal(offset({ SystemTime: iso(now + 100 + 3 * hour) }), 3 * hour);
  assert.equal(offset({ SystemTime: iso(now + 100 - 3 * hour) }), -3 * hour);
  assert.equal(offset({ SystemTime: '1970-01-02T00:00:00Z', date: http(now) }), 24 * hour - now - 100);
});

test('Date has whole seconds: its middle is meant', () => {
  assert.equal(offset({ date: http(now + 3 * hour) }), 3 * hour + 400);
  assert.equal(offset({ date: http(now - 3 * hour) }), -3 * hour + 400);
});

test('clocks that may agree within a second agree, whatever the resolution and however long the answer took', () => {
  for (const ahead of [-900, -1, 0, 1, 900]) {
    assert.equal(offset({ SystemTime: iso(now + ahead) }), 0);
    const rounded = Math.floor((now + ahead) / 1000) * 1000;
    assert.equal(offset({ date: http(rounded) }), 0);
  }
  const slow = { info: { SystemTime: iso(now) }, date: undefined, sentAt: now, receivedAt: now + 9000 };
  assert.equal(clockOffset(slow), 0);
});

test('an engine that gives no time, or nonsense, has no offset', () => {
  assert.equal(offset({}), undefined);
  for (const SystemTime of [null, 7, '', 'soon', '0001-01-01T00:00:00Z', {}, '99999-01-01T00:00:00Z'])
    assert.equal(offset({ SystemTime, date: 'yesterday' }), undefined);
  assert.equal(clockOffset({ info: 'x', date: undefined, sentAt: now, receivedAt: now }), undefined);
});
