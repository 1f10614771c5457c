import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redirectTo, startElsewhere, startHostileEngine } from '../../../support/fakes/hostile-engine.ts';
import { sampleOf } from '../../../support/fakes/sample-of.ts';
import { never, sourceFor } from './measure.ts';

const id = 'a'.repeat(64);

test('no call follows a redirect, wherever it leads; the error names status, target and cure', async () => {
  using elsewhere = await startElsewhere();
  const { port } = elsewhere;
  const targets = [
    '/login',
    'login?next=%2F',
    `http://127.0.0.1:${port}/x`,
    'https://',
    'file:///etc/passwd',
  ];
  for (const [index, target] of targets.entries()) {
    const status = 301 + index;
    await using engine = await startHostileEngine(redirectTo(target, status));
    using source = sourceFor(engine.url);
    const calls = [
      () => source.list(never),
      () => source.inspect(id, never),
      () => sampleOf(source, id, never),
      () => source.diskUsage(never, { sums: true, containers: true }),
      () => source.events(never),
    ];
    for (const call of calls) {
      const { code, message } = await call().then(
        () => assert.fail('no error'),
        (error: Error & { code: string }) => error,
      );
      assert.equal(code, 'runtime-error');
      assert.ok(message.includes(`status ${status}, a redirect to ${JSON.stringify(target)}`), message);
      assert.match(message, /name the address of its API with --docker-url$/);
    }
    // The list is asked for below a version, too.
    assert.equal(engine.asked.length, calls.length + 1);
  }
  assert.equal(elsewhere.reached, 0);
});

test('a redirect without a target, and one that switches protocols, end the call alone', async () => {
  await using nowhere = await startHostileEngine((_request, response) => response.writeHead(304).end());
  using source = sourceFor(nowhere.url);
  await assert.rejects(source.list(never), {
    code: 'runtime-error',
    message: /status 304, a redirect, is not/,
  });
  await using switching = await startHostileEngine((_request, response) => {
    response.writeHead(101, { connection: 'upgrade', upgrade: 'tcp' }).end();
  });
  using other = sourceFor(switching.url, { callTimeoutMillis: 500 });
  await assert.rejects(other.list(never), { name: 'SourceError' });
});
