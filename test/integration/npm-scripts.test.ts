import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };

const repository = join(import.meta.dirname, '../..');

suite("ending npm's process ends the agent that it started", () => {
  for (const [script, ...args] of [
    ['demo'],
    ['start', '--docker-url=unix:///nowhere/docker.sock'],
  ] as const) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      test(`npm run ${script}, ${signal}`, async () => {
        const log = await logUntilClosed([script, ...args], signal);
        assert.match(log.at(-1) ?? '', /"msg":"stopping"/);
      });
    }
  }
});

test('the scripts that run until they are ended leave no shell between npm and Node', () => {
  const { start, demo, dev, 'test:watch': watch } = manifest.scripts;
  for (const script of [start, demo, dev, watch]) assert.match(script, /^exec node /);
});

/** Ends npm's process alone once the agent runs; gives its lines until all writers have closed stderr. */
async function logUntilClosed(
  [script, ...args]: readonly string[],
  signal: NodeJS.Signals,
): Promise<readonly string[]> {
  const agentArgs = ['--listen=127.0.0.1:0', '--exporter=prometheus', ...args];
  const npm = spawn('npm', ['--silent', 'run', script ?? '', '--', ...agentArgs], {
    cwd: repository,
    // A group of its own: a terminal would send the signal to the whole of it, this sends it to npm.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  const closed = once(npm, 'close');
  try {
    let log = '';
    npm.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      const ran = log.includes('tidegauge runs');
      log += chunk;
      if (!ran && log.includes('tidegauge runs')) npm.kill(signal);
    });
    await closed;
    return log.trimEnd().split('\n');
  } finally {
    if (npm.pid !== undefined) endGroup(npm.pid);
  }
}

/** Kills the processes that a failing test would leave behind. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
