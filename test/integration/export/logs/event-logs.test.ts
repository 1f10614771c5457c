import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLogs } from '../../../../src/export/logs/event-logs.ts';
import type { EventLogObserver, ExportObserver } from '../../../../src/model/observers.ts';
import { waitUntil } from '../../../support/real/daemon.ts';
import { OtlpSink } from '../../../support/fakes/otlp-sink.ts';
import { TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';
import { receivedEvent } from '../../../support/fakes/received-event.ts';

/** Event logs to a sink; each batch of them ends in `exportEnded`, each record in `recordsExported` or `recordsDropped`. */
function logsTo(sink: OtlpSink, observer: ExportObserver & EventLogObserver): EventLogs {
  return new EventLogs({
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
    instruments: observer,
    exports: observer,
    version: '0',
    now: () => Date.now(),
    monotonic: () => performance.now(),
  });
}

test('what is not taken until the end is given up then, and counted', async () => {
  await using sink = await OtlpSink.start({ answers: false });
  const runtime = new TrackedRuntime(['web']);
  await runtime.probe();
  let dropped = 0;
  const logs = logsTo(sink, {
    recordsExported: () => undefined,
    recordsDropped: (count) => (dropped += count),
    exportEnded: () => undefined,
  });
  const { id } = runtime.container('web');
  for (let event = 0; event < 2000; event += 1) logs.eventReceived(receivedEvent({ id, action: 'kill' }));
  await sink.waitFor(1);
  await logs.shutdown(10);
  await waitUntil('all', async () => dropped === 2000);
  assert.equal(sink.requests.length, 1);
});

test('an observer that throws ends neither the agent nor the batches after', async () => {
  await using sink = await OtlpSink.start();
  const runtime = new TrackedRuntime(['web']);
  await runtime.probe();
  let [batches, exported] = [0, 0];
  const logs = logsTo(sink, {
    recordsExported: (count) => (exported += count),
    recordsDropped: () => undefined,
    exportEnded() {
      batches += 1;
      if (batches === 1) throw new Error('the observer broke');
    },
  });
  const { id } = runtime.container('web');
  // The processor makes batches of 512.
  for (let event = 0; event < 1024; event += 1) logs.eventReceived(receivedEvent({ id, action: 'kill' }));
  await waitUntil('both batches', async () => batches === 2);
  await logs.shutdown(10_000);
  assert.deepEqual([sink.requests.length, exported], [2, 512]);
});
