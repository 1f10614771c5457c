import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { humanDuration } from '../../../src/simulated/human-duration.ts';
import { lastingText, startedAnew, startRange } from '../../../src/tracker/uptime-text.ts';

const hour = 3_600_000;

test('only the time that went by is left out of the text', () => {
  const texts = {
    'Up Less than a second': 'Up',
    'Up 5 minutes (healthy)': 'Up (healthy)',
    'Up About an hour (health: starting)': 'Up (health: starting)',
    'Up 2 hours (Paused)': 'Up (Paused)',
    'Exited (137) 2 hours ago': 'Exited (137)',
    'Exited (0) Less than a second ago': 'Exited (0)',
    'Restarting (1) About a minute ago': 'Restarting (1)',
    Created: 'Created',
    '': '',
  };
  for (const [text, lasting] of Object.entries(texts)) assert.equal(lastingText(text), lasting);
});

test('what is no uptime has no range', () => {
  for (const text of ['Created', 'Exited (0) 2 hours ago', 'Up', 'Up 3 fortnights', 'Dead', '']) {
    assert.equal(startRange(text, 0), undefined, text);
  }
});

test('whatever the uptimes, one and the same start never looks like two', () => {
  const uptime = fc.oneof(fc.nat(120_000), fc.nat(100 * hour), fc.nat(30_000 * hour));
  fc.assert(
    fc.property(uptime, fc.oneof(fc.nat(60_000), fc.nat(50 * hour)), (before, pause) => {
      const older = startRange(`Up ${humanDuration(before)}`, before);
      const newer = startRange(`Up ${humanDuration(before + pause)}`, before + pause);
      assert.ok(older && newer);
      assert.equal(startedAnew(older, newer), false);
    }),
    { numRuns: 2000 },
  );
});

test('a restart shows in two texts that cannot both be true', () => {
  const now = 100 * hour;
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['Up 3 hours', 'Up 2 seconds', true],
    ['Up 50 seconds', 'Up 4 seconds', true],
    ['Up About a minute', 'Up Less than a second', true],
    ['Up 3 months', 'Up 2 days', true],
    ['Up 5 seconds', 'Up 12 seconds', false],
  ];
  for (const [before, after, expected] of cases) {
    const [older, newer] = [startRange(before, now), startRange(after, now + 10_000)];
    assert.ok(older && newer);
    assert.equal(startedAnew(older, newer), expected, `${before} → ${after}`);
  }
});
