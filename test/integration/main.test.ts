import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Neither this machine's variables nor its collector. */
const environment = { PATH: process.env['PATH'] };

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: environment,
    timeout: 120_000,
  });
}

test('--version prints the version and nothing else', () => {
  const { status, stdout, stderr } = run('--version');
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('mistakes are on standard error, with exit code 2', () => {
  const { status, stdout, stderr } = run('--interval', '10', '--foo');
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^tidegauge: --foo: unknown flag\ntidegauge: --interval "10": .*did you mean 10s\?\n$/,
  );
});

test('a reader that stops reading is no failure', async () => {
  const child = spawn(process.execPath, [main, '--help'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const [code] = await once(child, 'close');
  assert.deepEqual([code, stderr], [0, '']);
});

test('a reader that is slow gets all of a long answer', () => {
  const shell = `"$0" "$1" metrics --profile cadvisor,docker_stats --format json | (sleep 1; cat)`;
  const { stdout } = spawnSync('sh', ['-c', shell, process.execPath, main], {
    encoding: 'utf8',
    env: environment,
    maxBuffer: 2 ** 24,
  });
  assert.ok(stdout.length > 2 ** 16);
  assert.equal(stdout.at(-2), ']');
});

test('SIGHUP reloads and SIGTERM ends the running agent, with exit code 0', async (context) => {
  const args = [main, '--demo', '--exporter', 'prometheus', '--listen', '127.0.0.1:0'];
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  // Else it would outlive a time-out of this test.
  context.after(() => child.kill('SIGKILL'));
  const untilPrinted = (text: string) => waitFor(child.stderr, text);
  await untilPrinted('tidegauge runs');
  child.kill('SIGHUP');
  await untilPrinted('configuration reloaded');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [0, null]);
});

const oldNode = spawnSync('/usr/bin/node', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
const isOld = /^v(?:1\d|2[0-3])\./.test(oldNode);

test(
  'an older Node gets the cure, with exit code 2',
  { skip: !isOld && 'this machine has no older Node' },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidegauge-main-'));
    try {
      // As a bundler leaves it: JavaScript, whose first statement is the check.
      const script = join(folder, 'main.mjs');
      writeFileSync(script, stripTypeScriptTypes(readFileSync(main, 'utf8')));
      const { status, stderr } = spawnSync('/usr/bin/node', [script], { encoding: 'utf8' });
      assert.equal(status, 2);
      assert.match(stderr, /needs Node 24 or newer, this is v2\d.*"npm start"/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

async function waitFor(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let seen = '';
  await new Promise<void>((resolve, reject) => {
    const listener = (chunk: unknown) => {
      seen += String(chunk);
      if (seen.includes(text)) done();
    };
    const done = () => {
      stream.off('data', listener);
      stream.off('end', ended);
      resolve();
    };
    const ended = () => reject(new Error(`ended without "${text}": ${seen}`));
    stream.on('data', listener);
    stream.on('end', ended);
  });
}
