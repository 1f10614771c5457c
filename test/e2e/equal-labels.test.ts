import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startSimulatedEngine } from '../../src/simulator/start.ts';
import { startAgent } from '../support/real/agent-process.ts';
import { startCollector } from '../support/real/collector.ts';
import { skipUnless } from '../support/real/component.ts';
import { waitUntil } from '../support/real/daemon.ts';

/** Labels that Prometheus, or the Collector's exporter for it, would show under names that are there already. */
const collisions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: { team: 'a' },
  composed: { 'com.docker.compose.project': 'shop', 'com.docker.compose_project': 'shop' },
  pair: { 'a.b': '1', a_b: '2', 'a-b': '3' },
  digit: { '9a': '1', key_9a: '2' },
  underscore: { _a: '1', 'key.a': '2' },
  identity: { container_name: 'x', 'container-image.name': 'x', host_name: 'x' },
  metric: { 'cpu.mode': 'x', cpu_mode: 'y', network_io_direction: 'z' },
  bucket: { le: '1' },
  name: { __name__: 'x', '..name..': 'x' },
  reserved: { __address__: 'x', _b: '1', __b: '2' },
  scope: { otel_scope_name: 'x', 'otel.scope.version': 'y', otel_scope_schema_url: 'z', otel_scope_a: 'z' },
  target: { job: 'x', instance: 'y' },
  service: { 'service.name': 'x', service_instance_id: 'y', 'service-namespace': 'z' },
  empty: { '': 'x', '.': 'y' },
  nomad: { 'service.name': 'a', job: 'b', instance: 'c' },
  utf8: { ü: '1', ö: '2' },
};

const metrics = ['container_memory_usage_bytes', 'container_cpu_time_seconds_total', 'container_info'];

function shows(page: string, metric: string, name: string): boolean {
  const ofContainer = new RegExp(`^${metric}{.*\\bcontainer_name="${name}"`, 'm');
  return ofContainer.test(page);
}

const cases = [
  { name: 'of the resource', args: ['--label-attribute=/(?s)^(.*)$/=$1'], metrics },
  { name: 'of each point', args: ['--label-point-attribute=/(?s)^(.*)$/=$1'], metrics },
  // Its points have every label of a container, and so has the resource by the presets.
  {
    name: 'beside those of profile cadvisor',
    args: ['--profile=cadvisor'],
    metrics: ['container_memory_rss'],
  },
];

suite('labels of one name', { concurrency: true, skip: skipUnless('otelcol') }, () => {
  for (const { name: where, args, metrics: expected } of cases) {
    test(`the Collector's Prometheus exporter shows every container, whatever labels become attributes ${where}`, async () => {
      const names = Object.keys(collisions);
      const specs = names.map((name) => ({ name, labels: { ...collisions[name] } }));
      await using stack = new AsyncDisposableStack();
      const runtime = stack.use(await startSimulatedEngine({ specs }));
      const collector = stack.use(await startCollector());
      const to = [`--docker-url=${runtime.url}`, `--otlp-endpoint=${collector.otlpUrl}`, '--interval=1s'];
      stack.use(await startAgent({ args: [...to, ...args] }));
      for (const metric of expected) {
        await waitUntil(`${metric} of every container`, async () => {
          const page = await (await fetch(collector.prometheusUrl)).text();
          return names.every((name) => shows(page, metric, name)) || undefined;
        });
      }
      assert.doesNotMatch(await collector.log(), /failed to convert metric/);
    });
  }
});
