import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { before, test, after } from 'node:test';
import { startSimulatedEngine } from '../../src/simulator/start.ts';
import type { SimulatedEngine } from '../../src/simulator/simulated-engine.ts';
import type { Misbehave } from '../support/fakes/hostile-engine.ts';
import { assertCounted, besideHostile } from './beside-hostile.ts';
import type { BesideHostile } from './beside-hostile.ts';

const mebibyte = 1024 * 1024;
let engine: SimulatedEngine;

before(async () => {
  const names = ['first', 'second', 'third', 'fourth'];
  engine = await startSimulatedEngine({ specs: names.map((name) => ({ name: `victim-${name}` })) });
});
after(() => engine.close());

/** An engine whose responses for some paths are others. */
function engineWith(change: (path: string, body: string) => string | Buffer | undefined): Misbehave {
  return (incoming, outgoing) => void answer(incoming, outgoing, change);
}

async function answer(
  { url: path = '' }: IncomingMessage,
  outgoing: ServerResponse,
  change: (path: string, body: string) => string | Buffer | undefined,
): Promise<void> {
  if (path.includes('/events')) return void outgoing.writeHead(403).end();
  const response = await new Promise<IncomingMessage>((resolve) => {
    request({ socketPath: engine.socket, path }, resolve).end();
  });
  const body = await text(response);
  const changed = change(path, body) ?? body;
  outgoing.writeHead(response.statusCode ?? 502, { 'content-type': 'application/json' });
  return void outgoing.end(changed);
}

const isList = (path: string): boolean => path.includes('/containers/json');
const isOf = (path: string, name: string): boolean => path.includes(engine.container(name).id);

/** The names of the hostile engine's containers whose CPU time is exported. */
function measured({ metrics, hostile }: BesideHostile): string[] {
  const series = metrics.all('container_cpu_time_seconds_total', { container_runtime_endpoint: hostile });
  return [...new Set(series.flatMap(({ labels }) => labels['container_name'] ?? []))].toSorted();
}

/** The list with other members of some items. */
function listWith(body: string, members: Readonly<Record<string, string>>): string {
  const items: Record<string, unknown>[] = JSON.parse(body);
  const texts = items.map((item) => {
    const own = members[String(item['Names']).slice('/victim-'.length)];
    return own === undefined ? JSON.stringify(item) : `${JSON.stringify(item).slice(0, -1)},${own}}`;
  });
  return `[${texts.join()}]`;
}

const deep = (bytes: number): string => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2);

test('labels of 50 and of 70 MB: those containers are left out, named and counted, the others measured', async (t) => {
  const label = (megabytes: number): string => `"Labels":{"big":"${'x'.repeat(megabytes * 1e6)}"}`;
  let list: Buffer | undefined;
  const change = (path: string, body: string) =>
    isList(path)
      ? (list ??= Buffer.from(listWith(body, { second: label(50), third: label(70) })))
      : undefined;
  await besideHostile(t, engineWith(change), (result) => {
    assert.deepEqual(measured(result), ['victim-first', 'victim-fourth']);
    const { metrics, agent, hostile } = result;
    const refused = { container_runtime_endpoint: hostile, error_type: 'too-large' };
    assertCounted(metrics, 'tidegauge_containers_refused_total', refused, 2);
    assert.equal(metrics.sum('tidegauge_probe_errors_total', { container_runtime_endpoint: hostile }), 0);
    const lines = agent.logged('container is left out');
    assert.deepEqual(
      new Set(lines.map(({ container, field }) => `${String(container)} ${String(field)}`)),
      new Set(['victim-second Labels', 'victim-third Labels']),
    );
  });
});

test('JSON that is nested by the megabyte costs one container, not the engine', async (t) => {
  const [six, twenty] = [deep(6 * mebibyte), deep(20 * mebibyte)];
  const change = (path: string, body: string) => {
    if (isList(path)) return listWith(body, { second: `"Mounts":${twenty}` });
    if (isOf(path, 'victim-third')) return path.includes('/stats') ? six : undefined;
    if (isOf(path, 'victim-fourth')) return `{"Config":${twenty}}`;
    return path.includes('/info') ? `{"ID":${twenty}}` : undefined;
  };
  await besideHostile(t, engineWith(change), (result) => {
    assert.deepEqual(measured(result), ['victim-first']);
    const { metrics, hostile } = result;
    const refused = (error_type: string) => ({ container_runtime_endpoint: hostile, error_type });
    assertCounted(metrics, 'tidegauge_containers_refused_total', refused('too-deep'));
    assertCounted(metrics, 'tidegauge_inspect_errors_total', refused('too-large'));
    assertCounted(metrics, 'tidegauge_stats_errors_total', refused('too-large'));
  });
});

test('bodies in chunks of one byte end by their number, whatever they are of', async (t) => {
  const chunks = '1\r\n[\r\n'.repeat(10 * mebibyte);
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const raw: Misbehave = (_incoming, { socket }) => void socket?.write(head + chunks);
  const honest = engineWith(() => undefined);
  for (const isAttacked of [(path: string) => !path.includes('/victim'), (path: string) => !isList(path)])
    await besideHostile(
      t,
      (incoming, outgoing) => (isAttacked(incoming.url ?? '') ? raw : honest)(incoming, outgoing),
      ({ metrics, hostile }) => {
        const failed = ['describe', 'list', 'inspect', 'stats'].map((call) =>
          metrics.sum(`tidegauge_${call}_errors_total`, { container_runtime_endpoint: hostile }),
        );
        assert.ok(
          failed.some((count) => count > 0),
          `${failed.join()} failed`,
        );
      },
    );
});

test('NaN, __proto__ and wrong types in list, inspect and stats cost what they are in, and nothing else', async (t) => {
  const change = (path: string, body: string) => {
    if (isList(path))
      return listWith(body, {
        second: '"SizeRw":NaN',
        third: '"__proto__":{"Id":"x"},"Labels":{"__proto__":"x","constructor":"y"}',
        fourth: '"Labels":7,"State":{},"Status":[],"Created":"never","Names":{}',
      });
    if (path.includes('/stats') && isOf(path, 'victim-third'))
      return body.replace('{', '{"__proto__":{"cpu_stats":null},"networks":{"__proto__":{"rx_bytes":1}},');
    if (path.includes('/json') && isOf(path, 'victim-third'))
      return body.replace('"Labels":{}', '"Labels":{"__proto__":"x","constructor":"y"}');
    return undefined;
  };
  await besideHostile(t, engineWith(change), (result) => {
    const { hostile, metrics } = result;
    const names = measured(result);
    assert.equal(names.length, 3, names.join());
    assert.ok(names.includes('victim-first') && names.includes('victim-third'), names.join());
    const refused = { container_runtime_endpoint: hostile, error_type: 'malformed' };
    assertCounted(metrics, 'tidegauge_containers_refused_total', refused);
  });
});
