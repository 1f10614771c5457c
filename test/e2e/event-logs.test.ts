import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { waitUntil } from '../support/real/daemon.ts';
import { startAgent } from '../support/real/agent-process.ts';
import { startCollector } from '../support/real/collector.ts';
import { EventStream } from '../support/wire/event-stream.ts';
import { logRecords, type LogRecord } from '../support/wire/otlp-logs.ts';
import { containerPoints } from '../support/wire/otlp-points.ts';
import { startEngine } from '../support/real/real-engine.ts';
import { engineVersions, skipWithoutScene } from '../support/real/scene.ts';

/** Logs and metrics into one file, each message of its own kind. */
const config = `
receivers:
  otlp:
    protocols:
      http: { endpoint: '\${env:OTLP_ENDPOINT}' }
exporters:
  file: { path: '\${env:EXPORT_FILE}', format: json, append: true, flush_interval: 50ms }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [otlp], exporters: [file] }
    logs: { receivers: [otlp], exporters: [file] }
`;

suite('event logs', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const version of engineVersions) {
    test(`${version}: a real Collector takes each event under the resource of the metrics`, async () => {
      await using runtime = await startEngine(version);
      await using collector = await startCollector(config);
      await using agent = await startAgent({
        args: [`--docker-url=${runtime.url}`, '--interval=1s', '--event-logs'],
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl },
      });
      using events = new EventStream(new URL('/api/v1/events', agent.metricsUrl).href);
      // Events before that are not received.
      await waitUntil('the stream', async () => events.of('listening').some(({ listening }) => listening));
      await runtime.run('lasting', [], 'exec sleep 1000');
      await collector.waitForExport((all) => all.some((each) => containerPoints(each, 'lasting').length > 0));
      await runtime.pause('lasting');
      await runtime.docker('unpause', 'lasting');
      const before = Date.now();
      await runtime.run('failing', [], 'exit 3');
      const recordsOf = async (name: string): Promise<LogRecord[]> =>
        logRecords(await collector.fileExport(), name);
      const died = await waitUntil('the end', async () =>
        (await recordsOf('failing')).find(({ eventName }) => eventName === 'container.die'),
      );
      assert.equal(died.severity, 'WARN');
      assert.equal(died.attributes['container.exit_code'], 3);
      // It lived for some milliseconds: long enough for the kernel to count what it used.
      assert.ok(Number(died.attributes['container.cpu.time']) > 0, JSON.stringify(died.attributes));
      assert.ok(died.nanos / 1e6 >= before - 1 && died.nanos / 1e6 <= Date.now());
      const seen = await waitUntil('both', async () => {
        const records = await recordsOf('lasting');
        return records.some(({ eventName }) => eventName === 'container.unpause') ? records : undefined;
      });
      const names = seen.map(({ eventName }) => eventName);
      for (const name of ['container.start', 'container.pause', 'container.unpause'])
        assert.equal(names.filter((each) => each === name).length, 1, name);
      const points = (await collector.fileExport()).flatMap((each) => containerPoints(each, 'lasting'));
      assert.deepEqual(seen.at(-1)?.resource, points.at(-1)?.resource);
    });
  }
});
