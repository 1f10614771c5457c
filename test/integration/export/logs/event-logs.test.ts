import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLogs } from '../../../../src/export/logs/event-logs.ts';
import { waitUntil } from '../../../support/real/daemon.ts';
import { OtlpSink } from '../../../support/fakes/otlp-sink.ts';
import { TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';
import { receivedEvent } from '../../../support/fakes/received-event.ts';

test('what is not taken until the end is given up then, and counted', async () => {
  await using sink = await OtlpSink.start({ answers: false });
  const runtime = new TrackedRuntime(['web']);
  await runtime.probe();
  let dropped = 0;
  const logs = new EventLogs({
    transport: {
      url: `${sink.url}/v1/logs`,
      protocol: 'http/protobuf',
      headers: {},
      compression: 'none',
      requestTimeoutMillis: 3000,
      tls: {},
      proxy: {},
    },
    entities: { containerIdLabel: true, runtimeLabel: false },
    instruments: { recordsExported: () => undefined, recordsDropped: (count) => (dropped += count) },
    exports: { exportEnded: () => undefined },
    version: '0',
    now: () => Date.now(),
    monotonic: () => performance.now(),
  });
  const { id } = runtime.container('web');
  for (let event = 0; event < 2000; event += 1) logs.eventReceived(receivedEvent({ id, action: 'kill' }));
  await sink.waitFor(1);
  await logs.shutdown(10);
  await waitUntil('all', async () => dropped === 2000);
  assert.equal(sink.requests.length, 1);
});
