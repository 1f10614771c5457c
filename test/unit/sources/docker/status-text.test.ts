import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { humanDuration } from '../../../../src/simulator/answers/list.ts';
import { isRecent, revisionOf } from '../../../../src/sources/docker/list.ts';

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
  for (const [text, lasting] of Object.entries(texts)) assert.equal(revisionOf(text), lasting);
});

test('a text has seconds in the first minute, whatever it is about', () => {
  const young = [
    'Up Less than a second',
    'Up 1 second',
    'Up 59 seconds (healthy)',
    'Exited (1) 2 seconds ago',
  ];
  const old = ['Up About a minute', 'Up 59 minutes', 'Exited (0) 2 hours ago', 'Created', 'Dead', 'Up', ''];
  for (const text of young) assert.equal(isRecent(text), true, text);
  for (const text of old) assert.equal(isRecent(text), false, text);
});

test('a text without seconds is of what happened a minute ago or earlier', () => {
  const uptime = fc.oneof(fc.nat(120_000), fc.nat(100 * hour), fc.nat(30_000 * hour));
  fc.assert(
    fc.property(uptime, (millis) => {
      assert.equal(isRecent(`Up ${humanDuration(millis)}`), millis < 60_000);
    }),
    { numRuns: 2000 },
  );
});
