import assert from 'node:assert/strict';
import { request } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import type { Misbehave } from '../../../support/fakes/hostile-engine.ts';
import { startHostileEngine } from '../../../support/fakes/hostile-engine.ts';
import { measuresOnce, never, sourceFor } from './measure.ts';

/** A proxy that lets pass only these paths, and refuses others with a status of its own. */
function filter(socketPath: string, allowed: RegExp, status = 403): Misbehave {
  return ({ url: path = '' }, outgoing) => {
    if (!allowed.test(path.split('?')[0] ?? '')) return void outgoing.writeHead(status).end('Forbidden\n');
    const onward = request({ socketPath, path }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    return void onward.end();
  };
}

const versionedOnly = /^\/v1\..{1,2}\/(version|containers\/.*|events.*)$/;

for (const apiVersion of ['1.41', '1.44', '1.51'])
  test(`an engine of API ${apiVersion} behind a proxy that wants a version in every path is measured`, async () => {
    await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }], apiVersion });
    await using proxy = await startHostileEngine(filter(engine.socket, versionedOnly));
    using source = sourceFor(proxy.url);
    const described = await source.describe(never);
    assert.equal(described.apiVersion, apiVersion);
    assert.ok(await measuresOnce(source));
    assert.ok(await source.events(never));
  });

test('so it is where the version itself is refused, whatever the status', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }], apiVersion: '1.41' });
  for (const status of [403, 404, 405]) {
    const onlyContainers = /^\/v1\.\d+\/containers\/.*$/;
    await using proxy = await startHostileEngine(filter(engine.socket, onlyContainers, status));
    using source = sourceFor(proxy.url);
    await source.describe(never);
    assert.ok(await measuresOnce(source));
  }
});

test('where nothing passes, the error says what would have to', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using proxy = await startHostileEngine(filter(engine.socket, /^\/nothing$/));
  using source = sourceFor(proxy.url);
  await source.describe(never);
  await assert.rejects(source.list(never), {
    code: 'runtime-error',
    message:
      /status 403: .*; a proxy before the engine must let pass GET of \/containers\/json.*--docker-api-version/,
  });
});

test('a directory or a file where a socket should be is said to be one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegauge-kind-'));
  const [directory, file] = [join(folder, 'docker.sock'), join(folder, 'file.sock')];
  mkdirSync(directory);
  writeFileSync(file, '');
  const messageOf = async (path: string): Promise<string> => {
    using source = sourceFor(`unix://${path}`);
    return await source.describe(never).then(
      () => assert.fail('no error'),
      ({ message }: Error) => message,
    );
  };
  assert.match(
    await messageOf(directory),
    /docker\.sock is a directory and no socket: .*bind mount is missing/,
  );
  assert.match(await messageOf(file), /file\.sock is a file and no socket/);
  assert.doesNotMatch(await messageOf(join(folder, 'gone.sock')), /no socket:/);
  rmSync(folder, { recursive: true });
});
