import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Agent } from '../../../src/agent/agent.ts';
import { systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import type { ContainerSpec } from '../../../src/simulator/world/container-spec.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { waitUntil } from '../../support/real/daemon.ts';
import { skipUnless } from '../../support/real/component.ts';
import { parseExposition, type Exposition } from '../../support/wire/exposition.ts';
import { OtlpSink } from '../../support/fakes/otlp-sink.ts';
import { pointsOf, type Point } from '../../support/wire/otlp-points.ts';
import { parseOpenMetrics, parsePrometheusText, type ParsedFamily } from '../../support/real/python.ts';
import { load } from '../../support/fakes/load.ts';

/** An agent in this process beside a simulated engine, and what both readers got of it. */
async function startScene(specs: readonly ContainerSpec[], flags: Readonly<Record<string, unknown>>) {
  await using stack = new AsyncDisposableStack();
  const runtime = stack.use(await startSimulatedEngine({ specs, hostile: true }));
  const sink = stack.use(await OtlpSink.start());
  const lines: string[] = [];
  const { config } = load({
    flags: {
      listen: '127.0.0.1:0',
      'docker-url': runtime.url,
      'otlp-endpoint': sink.url,
      'otlp-protocol': 'http/json',
      interval: '10m',
      'min-probe-interval': '1ms',
      ...flags,
    },
  });
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const agent = new Agent(config, { clock: systemClock, log, environment: {}, version: '0' });
  const { address } = await agent.start();
  stack.defer(() => agent.stop());
  const all = stack.move();
  return {
    runtime,
    lines,
    scrape: (accept = 'text/plain') => scrape(address, accept),
    pushed: () => pushed(sink),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function scrape(address: string, accept: string): Promise<string> {
  const response = await fetch(`${address}/metrics`, { headers: { accept } });
  assert.equal(response.status, 200);
  return await response.text();
}

/** Every point of the first export, which may take several requests. */
async function pushed(sink: OtlpSink): Promise<Point[]> {
  await sink.waitFor(1);
  for (let seen = 0; seen < sink.requests.length; await setTimeout(300)) seen = sink.requests.length;
  return sink.requests.flatMap(({ body }) => pointsOf(JSON.parse(body.toString())));
}

const openMetrics = 'application/openmetrics-text; version=1.0.0';

function valuesOf(exposition: Exposition, label: string): Set<string | undefined> {
  return new Set(exposition.all('container_info').map(({ labels }) => labels[label]));
}

test('attributes reach both readers: on the resource, on info, and on points where they are wanted', async () => {
  const labels = {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': 'web',
    'org.opencontainers.image.version': '1.2',
    'com.example.team': 'a "b"',
  };
  await using scene = await startScene([{ name: 'web', labels, env: ['STAGE=prod=1', 'API_KEY=hunter2'] }], {
    include: 'name=web',
    'label-attribute': ['com.docker.compose.service=service.name', '/^com\\.example\\.(.*)$/=example.$1'],
    'label-point-attribute': 'com.docker.compose.project=project',
    'env-attribute': '*',
  });
  const [first, ...others] = (await scene.pushed()).filter(
    ({ resource }) => resource['container.name'] === 'web',
  );
  const { resource = {} } = first ?? {};
  const instance = resource['service.instance.id'];
  assert.match(String(instance), /^[\da-f-]{36}$/);
  const wanted = {
    'service.name': 'web',
    'service.version': '1.2',
    'example.team': 'a "b"',
    'container.label.com.docker.compose.project': 'shop',
    'process.environment_variable.STAGE': 'prod=1',
  };
  for (const [key, value] of Object.entries(wanted)) assert.equal(resource[key], value, key);
  assert.ok(!Object.values(resource).includes('hunter2'));
  assert.ok(others.length > 20 && others.every(({ attributes }) => attributes['project'] === 'shop'));
  const exposition = parseExposition(await scene.scrape());
  const [info] = exposition.all('container_info', {
    service_name: 'web',
    example_team: 'a "b"',
    service_instance_id: String(instance),
  });
  assert.equal(info?.value, 1);
  const own = exposition.of('web');
  assert.ok(own.length > 20 && own.every(({ labels: each }) => each['project'] === 'shop'));
});

test('who opts out is not there; who stopped is, with its exit code; all are counted', async () => {
  const hidden = { name: 'hidden', labels: { 'tidegauge.enable': 'false' } };
  await using scene = await startScene([hidden, { name: 'done', initially: 'exited', exitCode: 3 }], {
    include: 'name={hidden,done}',
  });
  const exposition = parseExposition(await scene.scrape());
  assert.deepEqual(exposition.of('hidden'), []);
  assert.equal(exposition.value('container_exit_code', { container_name: 'done' }), 3);
  const all = exposition.value('tidegauge_runtime_containers') ?? 0;
  assert.equal(exposition.value('tidegauge_runtime_unselected_containers'), all - 1);
});

test('with stopped containers left out, one that stops is gone from the next scrape', async () => {
  await using scene = await startScene([{ name: 'web' }], {
    'stopped-containers': 'false',
    include: 'name=web',
  });
  assert.ok(parseExposition(await scene.scrape()).of('web').length > 20);
  scene.runtime.stop('web');
  // The event is on its way for some milliseconds.
  const gone = await waitUntil('its end', async () => {
    const left = parseExposition(await scene.scrape()).of('web');
    return left.length === 0 ? left : undefined;
  });
  assert.deepEqual(gone, []);
});

test('values over the limit are left out of both readers, logged once and counted', async () => {
  const specs = Array.from({ length: 30 }, (_, index): ContainerSpec => ({
    name: `c${index}`,
    labels: { build: `b${index}` },
  }));
  await using scene = await startScene(specs, {
    'label-attribute': 'build',
    'attribute-value-limit': '20',
    include: 'label=build',
  });
  const exposition = parseExposition(await scene.scrape());
  const shown = valuesOf(exposition, 'container_label_build');
  assert.deepEqual([shown.size, shown.has(undefined)], [21, true]);
  assert.equal(exposition.value('tidegauge_attributes_dropped', { reason: 'too_many_values' }), 10);
  const resources = (await scene.pushed()).map(({ resource }) => resource['container.label.build']);
  assert.equal(new Set(resources.filter((value) => value !== undefined)).size, 20);
  assert.equal(scene.lines.filter((line) => line.includes('too many values')).length, 1);
});

test(
  'a container with 2,000 labels, and hostile ones, are read by both parsers, whatever becomes of the labels',
  { skip: skipUnless('python') },
  async () => {
    const labels = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`l.${index}`, `v${index}`]),
    );
    await using scene = await startScene([{ name: 'many', labels }], {
      'label-attribute': ['l.*', '*'],
      'label-point-attribute': ['/^l\\.1(..)$/=p.$1', '/^(a[._]b)$/=$1'],
      'env-attribute': '*',
    });
    const text = await scene.scrape();
    for (const families of [
      await parseOpenMetrics(await scene.scrape(openMetrics)),
      await parsePrometheusText(text),
    ]) {
      assertLabels(families);
    }
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const keys = series.map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.equal(new Set(keys).size, keys.length);
    const points = (await scene.pushed()).filter(({ resource }) => resource['container.name'] === 'many');
    assert.equal(points[0]?.resource['container.label.l.7'], 'v7');
    assert.equal(points[0]?.attributes['p.42'], 'v142');
  },
);

function assertLabels(families: readonly ParsedFamily[]): void {
  const samples = families.find(({ name }) => name === 'container_info')?.samples ?? [];
  const infoOf = (name: string) =>
    samples.find(({ labels }) => labels['container_name'] === name)?.labels ?? {};
  const many = infoOf('many');
  assert.deepEqual([many['container_label_l_1999'], many['p_42']], ['v1999', 'v142']);
  const hostile = infoOf('hostile-labels');
  assert.equal(hostile['container_label_backslashes'], 'C:\\new\\table\\');
  assert.equal(hostile['container_label_huge']?.length, 65_536);
  // Of two labels whose names are one to Prometheus, the first stays.
  assert.deepEqual([hostile['container_label_a_b'], hostile['a_b']], ['1', '1']);
}
