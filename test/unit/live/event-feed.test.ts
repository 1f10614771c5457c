import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFeed } from '../../../src/live/event-feed.ts';
import { feedMessage, MergedStream } from '../../../src/live/live.ts';
import { receivedEvent } from '../../support/fakes/received-event.ts';

test('begins with who is listened to and the last 200, whatever was before', async () => {
  const feed = new EventFeed();
  feed.listening('runtime', true);
  for (let nanos = 0; nanos < 10_000; nanos += 1) feed.eventReceived(receivedEvent({ nanos }));
  const listener = feed.subscribe();
  feed.eventsMissed('runtime');
  feed.close();
  const items = [];
  for await (const each of listener) items.push(each.kind === 'event' ? each.event.nanos : each.kind);
  const last = Array.from({ length: 200 }, (_, index) => 9800 + index);
  assert.deepEqual(items, ['listening', ...last, 'missed']);
});

test('a subscriber that does not read holds a bounded number, and gets how many were lost', async () => {
  const feed = new EventFeed();
  const stream = new MergedStream([feed.subscribe()], (item) => [feedMessage(item)]);
  for (let event = 0; event < 10_000; event += 1) feed.eventReceived(receivedEvent());
  feed.close();
  const counts = new Map<string, number>();
  const dropped = [];
  for await (const { event, data } of stream) {
    counts.set(event, (counts.get(event) ?? 0) + 1);
    if (event === 'dropped') dropped.push(data);
  }
  assert.deepEqual(dropped, [{ count: 9487 }]);
  assert.equal(counts.get('container'), 513);
});

test('attributes of an event are text, under the names that Docker has for them', () => {
  const attributesOf = (parts: Parameters<typeof receivedEvent>[0]): unknown => {
    const { event } = receivedEvent(parts);
    const { data } = feedMessage({ kind: 'event', runtime: 'runtime', event });
    return JSON.parse(JSON.stringify('attributes' in data ? data.attributes : undefined));
  };
  const labels = { tier: 'back' };
  assert.deepEqual(attributesOf({ action: 'die', name: 'web', labels, exitCode: 3, execSeconds: 60 }), {
    tier: 'back',
    name: 'web',
    exitCode: '3',
    execDuration: '60',
  });
  assert.deepEqual(attributesOf({ action: 'rename', name: 'api', oldName: '/web' }), {
    name: 'api',
    oldName: '/web',
  });
  assert.deepEqual(attributesOf({ action: 'kill', signal: '15' }), { signal: '15' });
});
