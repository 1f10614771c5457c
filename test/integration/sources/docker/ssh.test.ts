import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import ssh2 from 'ssh2';
import type { ServerChannel } from 'ssh2';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { responseLimits } from '../../../../src/sources/response-limits.ts';
import { sampleOf } from '../../../support/fakes/sample-of.ts';
import { measuresOnce, never, sourceFor } from './measure.ts';

/** An SSH server that lets everybody in; what a session executes is the test's. */
async function sshServer(
  execute: (command: string, accept: () => ServerChannel, reject: () => void) => void,
) {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, rejectExec, { command }) => execute(command, acceptExec, rejectExec));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ssh://somebody@127.0.0.1:${(server.address() as { port: number }).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

test('an engine behind SSH is measured through the command of the Docker CLI', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using server = await sshServer((command, accept) => {
    assert.equal(command, 'docker system dial-stdio');
    const channel = accept();
    const socket = connect(engine.socket);
    channel.pipe(socket).pipe(channel);
    socket.on('error', () => channel.destroy());
  });
  using source = sourceFor(server.url);
  await source.describe(never);
  assert.ok(await measuresOnce(source));
  const events = await source.events(never);
  engine.pause('web');
  for await (const { action } of events ?? []) {
    assert.equal(action, 'pause');
    break;
  }
});

test('an inspect or sample beyond the limits is too large behind SSH, as over a socket', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using server = await sshServer((_command, accept) => {
    const channel = accept();
    const socket = connect(engine.socket);
    channel.pipe(socket).pipe(channel);
    socket.on('error', () => channel.destroy());
    channel.on('error', () => socket.destroy());
  });
  const { id } = engine.container('web');
  const { itemBytes, depth } = responseLimits;
  const deep = `${'['.repeat(depth + 1)}${']'.repeat(depth + 1)}`;
  for (const part of [JSON.stringify('x'.repeat(itemBytes)), deep + ' '.repeat(64 * 1024)]) {
    const fault = {
      kind: 'mutate',
      mutate: (text: string) => text.replace('{', `{"part":${part},`),
    } as const;
    for (const call of ['inspect', 'stats'] as const) engine.fault(call, fault);
    for (const url of [engine.url, server.url]) {
      using source = sourceFor(url);
      await assert.rejects(source.inspect(id, never), { name: 'SourceError', code: 'too-large' }, url);
      await assert.rejects(sampleOf(source, id, never), { name: 'SourceError', code: 'too-large' }, url);
    }
  }
});

test('a session that fails fails the call: refused command, closed channel, closed port', async () => {
  await using refusing = await sshServer((_command, _accept, reject) => reject());
  await using closing = await sshServer((_command, accept) => accept().close());
  for (const { url } of [refusing, closing, { url: 'ssh://somebody@127.0.0.1:1' }]) {
    using source = sourceFor(url, { callTimeoutMillis: 5000 });
    await assert.rejects(source.list(never), { name: 'SourceError', code: 'unreachable' }, url);
    await assert.rejects(source.events(never), { name: 'SourceError', code: 'unreachable' }, url);
  }
});
