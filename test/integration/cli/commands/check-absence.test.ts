import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../../../src/main.ts', import.meta.url));

/** Output of `check` for a runtime with two containers, where the usage of one lacks these parts. */
async function check(lacking: readonly string[], flags: readonly string[] = []): Promise<string> {
  const runtime = await startSimulatedEngine({ specs: [{ name: 'web' }, { name: 'db' }] });
  try {
    for (const part of lacking)
      runtime.fault('stats', { kind: 'set', path: [part], value: {} }, { container: 'web' });
    const args = ['check', `--docker-url=${runtime.url}`, '--exporter=prometheus', ...flags];
    const { stdout } = await run(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'] } });
    return stdout;
  } finally {
    await runtime.close();
  }
}

test('check says that the runtime gives no usage of a container that runs', async () => {
  const report = await check(['cpu_stats', 'memory_stats', 'pids_stats']);
  assert.match(report, /; 2 containers, 1 measured\n/);
  assert.match(report, /^ {5}1 × no-usage: the runtime gives no usage of a container that runs/m);
  assert.doesNotMatch(report, /no-cpu|no-memory|no-pids/);
});

test('check says that the runtime counts no processes', async () => {
  const report = await check(['pids_stats']);
  assert.match(report, /; 2 containers, 2 measured\n/);
  assert.match(report, /^ {5}1 × no-pids: /m);
});

test('check says that the size of file systems is missing where usage is the runtime’s alone', async () => {
  const missing = /^ {5}size and inodes of the containers' file system are missing: no container's usage /m;
  assert.match(await check([], ['--usage-source=runtime']), missing);
  const without = ['--usage-source=runtime', '--metric=!container.filesystem.usage'];
  assert.doesNotMatch(await check([], without), missing);
});
