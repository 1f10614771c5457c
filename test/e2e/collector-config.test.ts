import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ownLoopbackAddress, waitUntil } from '../support/real/daemon.ts';
import { startCollector, type Collector, type OtlpRequest } from '../support/real/collector.ts';
import { skipUnless } from '../support/real/component.ts';

const config = join(import.meta.dirname, '../../deploy/collector/otel-collector.yaml');
const nowNanos = `${Date.now()}000000`;

suite('otel-collector.yaml', { concurrency: true, skip: skipUnless('otelcol') }, () => {
  test('shows two equal containers as two series with their identity', async () => {
    await using collector = await start();
    await post(collector, { resourceMetrics: ['a1', 'b2'].map((id) => containerMetrics(id)) });
    const page = await waitUntil('both containers', async () => {
      const shown = await (await fetch(collector.prometheusUrl)).text();
      return shown.includes('b2') ? shown : undefined;
    });
    for (const id of ['a1', 'b2']) {
      const series = page.split('\n').filter((line) => line.includes(`container_id="${id}"`));
      for (const expected of [
        /^container_cpu_time_seconds_total\{.*host_name="node".*\} 12\.5$/,
        /^container_memory_usage_bytes\{.*container_name="web".*\} 4096$/,
      ]) {
        assert.equal(
          series.filter((line) => expected.test(line)).length,
          1,
          `${expected} for ${id} in:\n${page}`,
        );
      }
    }
  });

  test('logs how much came in', async () => {
    await using collector = await start();
    await post(collector, { resourceMetrics: [containerMetrics('a1')] });
    await waitUntil(
      'the debug exporter',
      async () => /"data points": 2\b/.test(await collector.log()) || undefined,
    );
  });

  test('takes OTLP over gRPC too', async () => {
    const address = ownLoopbackAddress();
    await using _collector = await start(address);
    const socket = connect(4317, address);
    await once(socket, 'connect');
    socket.destroy();
  });
});

async function start(grpcAddress = ownLoopbackAddress()): Promise<Collector> {
  return await startCollector({
    configFile: config,
    // Another Collector on this machine may have the port of the Collector's own metrics.
    env: { OTLP_GRPC_ENDPOINT: `${grpcAddress}:4317`, COLLECTOR_METRICS_LEVEL: 'none' },
  });
}

async function post(collector: Collector, request: OtlpRequest): Promise<void> {
  const response = await fetch(`${collector.otlpUrl}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  assert.equal(response.status, 200, await response.text());
}

function containerMetrics(id: string): NonNullable<OtlpRequest['resourceMetrics']>[number] {
  const identity = { 'container.id': id, 'container.name': 'web', 'host.name': 'node' };
  const time = { startTimeUnixNano: nowNanos, timeUnixNano: nowNanos };
  return {
    resource: {
      attributes: Object.entries(identity).map(([key, stringValue]) => ({ key, value: { stringValue } })),
    },
    scopeMetrics: [
      {
        scope: { name: 'tidegauge' },
        metrics: [
          {
            name: 'container.cpu.time',
            unit: 's',
            sum: {
              isMonotonic: true,
              aggregationTemporality: 2,
              dataPoints: [{ ...time, asDouble: 12.5 }],
            },
          },
          {
            name: 'container.memory.usage',
            unit: 'By',
            gauge: { dataPoints: [{ timeUnixNano: nowNanos, asInt: '4096' }] },
          },
        ],
      },
    ],
  };
}
