import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createLog } from '../../src/log.ts';

function record(level: 'info' | 'silent') {
  const lines: unknown[] = [];
  const log = createLog({ level, destination: { write: (line) => lines.push(JSON.parse(line)) } });
  return { lines, log };
}

test('a line has a level by name, an ISO time, the fields and the message', () => {
  const { lines, log } = record('info');
  log.child({ runtime: 'unix:///a' }).warn({ containers: 3 }, 'runtime answers');
  const [line] = lines;
  assert.ok(typeof line === 'object' && line !== null && 'time' in line);
  assert.match(String(line.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(
    { ...line, time: '' },
    { level: 'warn', time: '', runtime: 'unix:///a', containers: 3, msg: 'runtime answers' },
  );
});

test('an error keeps its message, stack and cause', () => {
  const { lines, log } = record('info');
  log.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  assert.match(JSON.stringify(lines), /"message":"outer: inner".*"stack":"Error: outer/);
});

test('the level decides, and may change', () => {
  const { lines, log } = record('silent');
  log.error({}, 'left out');
  log.level = 'debug';
  log.debug({}, 'received');
  assert.equal(lines.length, 1);
});

test('the last line before an exit is written, and to standard error only', async () => {
  const script = `import { createLog } from ${JSON.stringify(new URL('../../src/log.ts', import.meta.url))};
    createLog({ level: 'info' }).info({ text: 'x'.repeat(200_000) }, 'last'); process.exit(0);`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
  ]);
  assert.equal(stdout, '');
  assert.match(stderr, /"msg":"last"\}\n$/);
});

test('a log that nobody reads any more ends nothing', async () => {
  const script = `import { createLog } from ${JSON.stringify(new URL('../../src/log.ts', import.meta.url))};
    const log = createLog({ level: 'info' });
    process.stdin.on('data', () => { for (let i = 0; i < 100; i++) log.info({}, 'unread'); });
    process.stdin.on('end', () => { process.stdout.write('alive'); });`;
  const child = execFile(process.execPath, ['--input-type=module', '-e', script]);
  child.stderr?.destroy();
  let answer = '';
  child.stdout?.on('data', (chunk) => (answer += String(chunk)));
  child.stdin?.end('go');
  await new Promise((resolve) => child.on('close', resolve));
  assert.equal(answer, 'alive');
});
