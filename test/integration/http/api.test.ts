import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Agent } from '../../../src/agent/agent.ts';
import { systemClock } from '../../../src/clock.ts';
import {
  apiOperations,
  containerList,
  containerView,
  errorBody,
  streamMessages,
} from '../../../src/http/schemas.ts';
import { createLog } from '../../../src/log.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { waitUntil } from '../../support/real/daemon.ts';
import { liveBytes } from '../../support/assert/heap-bytes.ts';
import { load } from '../../support/fakes/load.ts';
import { runTidegauge } from '../../support/real/agent-process.ts';
import { parseExposition } from '../../support/wire/exposition.ts';

async function scene(flags: Readonly<Record<string, unknown>> = {}) {
  await using stack = new AsyncDisposableStack();
  const environment = ['PASSWORD=hunter2'];
  const runtime = stack.use(
    await startSimulatedEngine({ specs: [{ name: 'web', env: environment }, { name: 'db' }] }),
  );
  const { config } = load({
    flags: {
      listen: '127.0.0.1:0',
      exporter: ['prometheus'],
      interval: '1s',
      'docker-url': runtime.url,
      ...flags,
    },
  });
  const log = createLog({ level: 'silent' });
  const agent = new Agent(config, { clock: systemClock, log, environment: {}, version: '0' });
  const { address } = await agent.start();
  stack.defer(() => agent.stop());
  await waitUntil('ready', async () => (await fetch(`${address}/readyz`)).ok);
  const all = stack.move();
  return { runtime, agent, address, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Opens a stream; what has come of it so far. */
function listen(url: string) {
  const stream = { text: '', ended: false, [Symbol.dispose]: () => void asked.destroy() };
  const asked = request(url, (answer) => {
    answer.setEncoding('utf8').on('data', (chunk: string) => (stream.text += chunk));
    // One that is broken off is not whole.
    answer.on('close', () => (stream.ended = answer.complete));
  });
  asked.on('error', () => undefined).end();
  return stream;
}

test('containers as JSON, by name, id and beginning of the id, and never their environment', async () => {
  await using agent = await scene();
  const body = await (await fetch(`${agent.address}/api/v1/containers`)).text();
  const { containers } = JSON.parse(body);
  assert.deepEqual(containers.map(({ name }: { name: string }) => name).toSorted(), ['db', 'web']);
  assert.match(body, /container\.memory\.usage/);
  assert.doesNotMatch(body, /hunter2/);
  for (const { id, name } of containers) {
    for (const asked of [id, name, id.slice(0, 12)]) {
      const answer = await fetch(`${agent.address}/api/v1/containers/${asked}`);
      assert.equal(((await answer.json()) as { id: string }).id, id);
    }
  }
});

test('unknown ids are 404 and bad intervals 400, both with JSON that says why', async () => {
  await using agent = await scene();
  for (const path of ['nobody', 'nobody/stats', '%20', 'x'.repeat(400)]) {
    const answer = await fetch(`${agent.address}/api/v1/containers/${path}`);
    assert.equal(answer.status, 404, path);
    assert.match(((await answer.json()) as { error: string }).error, /no container/);
  }
  for (const interval of ['500ms', 'soon', '-1s', '', 'NaN', 'Infinity', '1e9s', '999h', '0x1000']) {
    const answer = await fetch(`${agent.address}/api/v1/stats?interval=${interval}`);
    assert.equal(answer.status, 400, interval);
    assert.match(((await answer.json()) as { error: string }).error, /expected/);
  }
});

test('what the selection leaves out is in no event either', async () => {
  await using agent = await scene({ exclude: 'name=hidden' });
  using events = listen(`${agent.address}/api/v1/events`);
  await waitUntil('listening', async () => events.text.includes('"listening":true'));
  agent.runtime.add({ name: 'hidden' });
  agent.runtime.add({ name: 'seen' });
  await waitUntil('the other', async () => events.text.includes('"seen"'));
  assert.doesNotMatch(events.text, /hidden/);
});

test('while the runtime is away nobody is said not to exist', async () => {
  await using agent = await scene({ 'min-probe-interval': '10ms' });
  await agent.runtime.down();
  const web = `${agent.address}/api/v1/containers/web`;
  await waitUntil('the loss', async () => (await fetch(web)).status === 503);
  for (const path of ['containers/web', 'containers/web/stats']) {
    const answer = await fetch(`${agent.address}/api/v1/${path}`);
    assert.equal(answer.status, 503, path);
    assert.match(((await answer.json()) as { error: string }).error, /do not answer: unix:/);
  }
  const all = await fetch(`${agent.address}/api/v1/containers`);
  assert.deepEqual(await all.json(), { containers: [], away: [agent.runtime.url] });
});

test('only GET and HEAD are allowed, what is unknown is not found, and a stream has a head', async () => {
  await using agent = await scene();
  const status = async (method: string, path: string): Promise<string> => {
    const answer = await fetch(`${agent.address}/api/${path}`, { method });
    const text = await answer.text();
    if (method !== 'HEAD') assert.ok(JSON.parse(text).error, path);
    return `${answer.status} ${answer.headers.get('allow') ?? answer.headers.get('content-type')}`;
  };
  for (const path of ['containers', 'containers/web', 'containers/web/stats', 'stats', 'events'])
    assert.equal(await status('POST', `v1/${path}`), '405 GET, HEAD', path);
  for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
    assert.equal(await status(method, 'v1/nothing'), '404 application/json; charset=utf-8', method);
  for (const path of ['containers/web/stats', 'stats', 'events'])
    assert.equal(await status('HEAD', `v1/${path}`), '200 text/event-stream; charset=utf-8', path);
});

test('names as they are written in a URL; a name comes before the beginning of an id', async () => {
  await using agent = await scene();
  const { id } = agent.runtime.container('web');
  agent.runtime.add({ name: id.slice(0, 12) });
  await waitUntil('it', async () => {
    const { name } = (await (
      await fetch(`${agent.address}/api/v1/containers/${id.slice(0, 12)}`)
    ).json()) as Record<string, unknown>;
    return name === id.slice(0, 12);
  });
  for (const web of ['%77%65b', '%2Fweb']) {
    const found = await fetch(`${agent.address}/api/v1/containers/${web}`);
    assert.equal(((await found.json()) as { id: string }).id, id);
  }
  assert.equal((await fetch(`${agent.address}/api/v1/containers/%zz`)).status, 400);
});

test('a stream has samples, that the runtime is away, and that it is back', async () => {
  await using agent = await scene();
  using stats = listen(`${agent.address}/api/v1/containers/web/stats`);
  using events = listen(`${agent.address}/api/v1/events`);
  await waitUntil('a sample', async () => stats.text.includes('event: stats'));
  await waitUntil('listening', async () => events.text.includes('"listening":true'));
  agent.runtime.restart('web');
  await waitUntil('an event', async () => events.text.includes('"action":"start"'));
  await agent.runtime.down();
  await waitUntil('failing', async () => stats.text.includes('event: failing'));
  await waitUntil('deaf', async () => events.text.includes('"listening":false'));
  await agent.runtime.up();
  await waitUntil('recovered', async () => /event: recovered[^]*event: stats/.test(stats.text));
  await agent.agent.stop();
  await waitUntil('the end', async () => stats.ended && events.ended);
});

test('where nobody collects or scrapes, streams begin all the same, tell that the runtime is away and go on', async () => {
  await using agent = await scene({ exporter: ['none'] });
  using events = listen(`${agent.address}/api/v1/events`);
  await waitUntil('listening', async () => events.text.includes('"listening":true'));
  using first = listen(`${agent.address}/api/v1/stats`);
  await waitUntil('a sample', async () => first.text.includes('event: stats'));
  await agent.runtime.down();
  await waitUntil('failing', async () => first.text.includes('event: failing'));
  using late = listen(`${agent.address}/api/v1/stats`);
  await waitUntil('failing, sent to a later client', async () => late.text.includes('event: failing'));
  await agent.runtime.up();
  for (const stream of [first, late]) {
    await waitUntil('recovered', async () => /event: recovered[^]*event: stats/.test(stream.text));
    stream[Symbol.dispose]();
  }
  await waitUntil('no more calls once all have left', async () => {
    const before = agent.runtime.requests.stats;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return agent.runtime.requests.stats === before;
  });
});

test('a storm before a hundred streams, half of them never read: the others miss nothing, and memory stays', async () => {
  await using agent = await scene();
  const stuck = Array.from({ length: 50 }, () => connectTo(agent.address).pause());
  const clients = Array.from({ length: 50 }, () => countKills(connectTo(agent.address)));
  await waitUntil('listening', async () => clients.every(({ isListening }) => isListening));
  const before = await liveBytes();
  const actorId = agent.runtime.container('web').id;
  // More than the kernel buffers for clients that do not read.
  const attributes = { name: 'web', signal: '1', label: 'x'.repeat(10_000) };
  const kill = { type: 'container', action: 'kill', actorId, attributes };
  const start = BigInt(Date.now()) * 1_000_000n;
  for (let index = 0; index < 1000; index += 1) {
    agent.runtime.emit({ ...kill, timeNano: start + BigInt(index) * 1000n });
    if (index % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await waitUntil('every event', async () => clients.every(({ kills }) => kills === 1000));
  assert.ok(clients.every(({ losses }) => losses === 0));
  const grown = (await liveBytes()) - before;
  assert.ok(grown < 60e6, `${grown} bytes more`);
  for (const socket of [...stuck, ...clients.map((each) => each.socket)]) socket.destroy();
});

function connectTo(address: string): Socket {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.write('GET /api/v1/events HTTP/1.1\r\nhost: a\r\n\r\n');
  return socket;
}

/** Counts what comes and keeps nothing: it would be more than what the agent holds. */
function countKills(socket: Socket) {
  const clients = { socket, isListening: false, kills: 0, losses: 0 };
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.includes('"action":"kill"')) clients.kills += 1;
      else if (block.includes('"listening":true')) clients.isListening = true;
      else if (/event: (dropped|missed)/.test(block)) clients.losses += 1;
    }
  });
  return clients;
}

test('--no-api: none of it', async () => {
  await using agent = await scene({ api: false });
  assert.equal((await fetch(`${agent.address}/api/v1/containers`)).status, 404);
});

test('each example of docs/api.md works', async () => {
  await using agent = await scene();
  const page = await readFile(join(import.meta.dirname, '../../../docs/api.md'), 'utf8');
  const blocks = [...page.matchAll(/```sh\n([^]*?)```\n\n[^]*?```(?:json|text)\n([^]*?)```/g)];
  assert.ok(blocks.length >= 5);
  for (const [, command = '', answer = ''] of blocks) {
    // A busy machine may need longer than the documented time-out.
    const longer = command.replace(/--max-time \d+/, '--max-time 60');
    const child = spawn('bash', ['-c', longer.replaceAll('http://localhost:9417', agent.address)]);
    child.stdin.end();
    const words = [...answer.matchAll(/"[a-z]\w*":|^event: \w+/gm)].map(([word]) => word);
    const isWhole = (printed: string): boolean => words.every((word) => printed.includes(word));
    let printed = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      printed += String(chunk);
      // A stream goes on until its reader leaves.
      if (isWhole(printed)) break;
    }
    child.kill();
    assert.ok(isWhole(printed), `${command}${words.join()}\n${printed}`);
  }
});

test('a container has one id and one form of tags in the exposition, over OTLP, in JSON and in the API', async () => {
  await using agent = await scene();
  const { id } = agent.runtime.container('web');
  const { containers } = (await (await fetch(`${agent.address}/api/v1/containers`)).json()) as {
    containers: { id: string; name: string }[];
  };
  assert.equal(containers.find(({ name }) => name === 'web')?.id, id);
  const exposition = parseExposition(await (await fetch(`${agent.address}/metrics`)).text());
  const [info] = exposition.all('container_info', { container_name: 'web' });
  assert.equal(info?.labels['container_id'], id);
  for (const { labels } of exposition.of('web')) assert.equal(labels['container_id'], id);
  const once = async (format: string): Promise<unknown> => {
    const args = ['once', `--docker-url=${agent.runtime.url}`, `--format=${format}`];
    const { stdout } = await runTidegauge({ args });
    return JSON.parse(stdout);
  };
  const all = (await once('json')) as { attributes: Record<string, unknown> }[];
  const { attributes } = all.find((each) => each.attributes['container.name'] === 'web') ?? {};
  assert.equal(attributes?.['container.id'], id);
  const tags = attributes?.['container.image.tags'];
  assert.ok(Array.isArray(tags) && tags.length > 0);
  assert.equal(info?.labels['container_image_tags'], JSON.stringify(tags));
  const values = tags.map((tag) => ({ stringValue: String(tag) }));
  const pushed = JSON.stringify(await once('otlp-json'));
  assert.ok(pushed.includes(`"key":"container.id","value":{"stringValue":"${id}"}`));
  assert.ok(
    pushed.includes(
      `"key":"container.image.tags","value":{"arrayValue":{"values":${JSON.stringify(values)}}}`,
    ),
  );
});

test('each response is what its schema says, and the index names the paths of the schemas', async () => {
  await using agent = await scene();
  const index = await (await fetch(agent.address)).text();
  for (const { path } of Object.values(apiOperations)) assert.ok(index.includes(path), path);
  const read = async (path: string): Promise<unknown> =>
    await (await fetch(`${agent.address}/api/v1/${path}`)).json();
  assert.equal(containerList.parse(await read('containers')).containers.length, 2);
  assert.equal(containerView.parse(await read('containers/web')).name, 'web');
  for (const path of ['containers/nobody', 'nothing', 'stats?interval=soon'])
    errorBody.parse(await read(path));
  using stats = listen(`${agent.address}/api/v1/stats`);
  using events = listen(`${agent.address}/api/v1/events`);
  await waitUntil('samples', async () => stats.text.includes('event: stats'));
  await waitUntil('listening', async () => events.text.includes('"listening":true'));
  agent.runtime.restart('web');
  await waitUntil('an event', async () => events.text.includes('"action":"start"'));
  await agent.runtime.down();
  await waitUntil('failing', async () => stats.text.includes('event: failing'));
  await agent.runtime.up();
  await waitUntil('recovered', async () => stats.text.includes('event: recovered'));
  assert.deepEqual(containerList.parse(await read('containers')).away, undefined);
  const kinds = [...parsedMessages(stats.text), ...parsedMessages(events.text)];
  for (const kind of ['stats', 'failing', 'recovered', 'container', 'listening'])
    assert.ok(kinds.includes(kind), kind);
});

/** The kinds of the whole messages of a stream, each parsed by its schema. */
function parsedMessages(stream: string): readonly string[] {
  const messages = stream.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm);
  return Array.from(messages, ([, event = '', data = '']) => {
    const schema = Object.entries(streamMessages).find(([kind]) => kind === event)?.[1];
    assert.ok(schema, event);
    schema.parse(JSON.parse(data));
    return event;
  });
}
