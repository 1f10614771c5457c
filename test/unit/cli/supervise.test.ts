import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunningCommand } from '../../../src/cli/command.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { TinyProcess, type Run } from './tiny-program.ts';

const never = new Promise<never>(() => undefined);

/** A command that goes on, and what became of it. */
function goingOn(extra: Partial<RunningCommand> = {}): { run: Run; stops: () => number } {
  let stops = 0;
  const stop = () => {
    stops++;
    return Promise.resolve();
  };
  return { run: () => Promise.resolve({ stop, ...extra }), stops: () => stops };
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} stops a running command, with exit code 0`, async () => {
    const started = new TinyProcess();
    const { run, stops } = goingOn();
    const exit = started.run([], run);
    await started.signal(signal);
    assert.equal(await exit, 0);
    assert.equal(stops(), 1);
    assert.deepEqual(started.signals.eventNames(), [], 'no listener is left');
  });
}

test('a command that does not stop is left behind after 5 s', async () => {
  const started = new TinyProcess();
  const exit = started.run([], goingOn({ stop: () => never }).run);
  await started.signal('SIGTERM');
  await started.clock.advance(4_999);
  assert.deepEqual(started.messages, ['stopping']);
  await started.clock.advance(1);
  assert.equal(await exit, 0);
  assert.match(started.messages.join(), /not stopped within 5 s/);
});

test('a second signal ends at once', async () => {
  const started = new TinyProcess();
  const exit = started.run([], goingOn({ stop: () => never }).run);
  await started.signal('SIGTERM');
  await started.signal('SIGINT');
  assert.equal(await exit, 130);
});

test('a signal before the command runs aborts it, with the exit code of a shell', async () => {
  const started = new TinyProcess();
  const exit = started.run([], async ({ signal }) => {
    await started.clock.sleep(60_000, signal);
    return 0;
  });
  await started.signal('SIGINT');
  assert.equal(await exit, 130);
});

test('a command that hangs before it runs is given 5 s', async () => {
  const started = new TinyProcess();
  const exit = started.run([], () => never);
  await started.signal('SIGTERM');
  await started.clock.advance(5_000);
  assert.equal(await exit, 143);
});

test('a command that starts in spite of a signal is stopped', async () => {
  const started = new TinyProcess();
  const { run, stops } = goingOn();
  const exit = started.run([], async (context) => {
    await started.clock.sleep(1_000);
    return await run(context);
  });
  await started.signal('SIGTERM');
  await started.clock.advance(1_000);
  assert.equal(await exit, 0);
  assert.equal(stops(), 1);
});

test('the exit code is what the command says, at once or in the end', async () => {
  assert.equal(await new TinyProcess().run([], () => Promise.resolve(1)), 1);
  assert.equal(await new TinyProcess().run([], goingOn({ ended: Promise.resolve(3) }).run), 3);
});

const failures: readonly (readonly [string, Run])[] = [
  ['at the start', () => Promise.reject(new Error('port in use'))],
  ['later', (context) => goingOn({ ended: Promise.reject(new Error('port in use')) }).run(context)],
];

for (const [when, run] of failures) {
  test(`an unexpected error ${when} is logged, with exit code 1`, async () => {
    const started = new TinyProcess();
    assert.equal(await started.run([], run), 1);
    assert.match(started.lines.join(), /"level":"error".*port in use.*unexpected error/);
  });
}

test('an error that nobody caught is logged, with exit code 1', async () => {
  const started = new TinyProcess();
  const exit = started.run([], goingOn().run);
  await started.clock.advance(0);
  started.signals.emit('uncaughtException', new Error('lost'));
  assert.equal(await exit, 1);
  assert.match(started.lines.join(), /"message":"lost"/);
});

test('a stop that fails is logged, with exit code 1', async () => {
  const started = new TinyProcess();
  const exit = started.run([], goingOn({ stop: () => Promise.reject(new Error('stuck')) }).run);
  await started.signal('SIGTERM');
  assert.equal(await exit, 1);
});

test('what only the command can see in its configuration is refused like the rest', async () => {
  const started = new TinyProcess();
  const exit = started.run([], () => Promise.reject(new ConfigError(['profiles a and b clash', 'and more'])));
  assert.equal(await exit, 2);
  assert.equal(started.stderr, 'tidegauge: profiles a and b clash\ntidegauge: and more\n');
});

test('SIGHUP hands over a good configuration, and a bad one changes nothing', async () => {
  const started = new TinyProcess();
  const intervals: number[] = [];
  const reload = ({ intervalMillis }: { intervalMillis: number }) =>
    Promise.resolve(void intervals.push(intervalMillis));
  const exit = started.run(['--config', 't.yaml'], goingOn({ reload }).run);
  started.file = 'interval: 20s';
  await started.signal('SIGHUP');
  started.file = 'interval: soon';
  await started.signal('SIGHUP');
  started.file = 'interval: 30s\nlog_level: error';
  await started.signal('SIGHUP');
  await started.signal('SIGTERM');
  assert.equal(await exit, 0);
  assert.deepEqual(intervals, [20_000, 30_000]);
  assert.deepEqual(started.messages, ['configuration reloaded', 'configuration not reloaded']);
  assert.match(started.lines.join(), /"problems":\["t\.yaml:1: interval \\"soon\\": expected a duration/);
});

test('a reload that fails is logged, and the level of the log stays', async () => {
  const started = new TinyProcess();
  const exit = started.run(
    ['--config', 't.yaml'],
    goingOn({ reload: () => Promise.reject(new Error('no')) }).run,
  );
  started.file = 'log_level: silent';
  await started.signal('SIGHUP');
  await started.signal('SIGTERM');
  await exit;
  assert.deepEqual(started.messages, ['configuration not reloaded', 'stopping']);
});

test('a SIGHUP before the command runs waits for it', async () => {
  const started = new TinyProcess();
  let reloads = 0;
  const { run } = goingOn({ reload: () => Promise.resolve(void reloads++) });
  const exit = started.run([], async (context) => {
    await started.clock.sleep(1_000);
    return await run(context);
  });
  await started.signal('SIGHUP');
  assert.equal(reloads, 0);
  await started.clock.advance(1_000);
  assert.equal(reloads, 1);
  await started.signal('SIGTERM');
  assert.equal(await exit, 0);
});

test('two SIGHUPs at once reload one after the other', async () => {
  const started = new TinyProcess();
  const steps: string[] = [];
  const reload = async () => {
    steps.push('begin');
    await started.clock.sleep(10);
    steps.push('end');
  };
  const exit = started.run([], goingOn({ reload }).run);
  await started.signal('SIGHUP');
  await started.signal('SIGHUP');
  await started.clock.advance(50);
  assert.deepEqual(steps, ['begin', 'end', 'begin', 'end']);
  await started.signal('SIGTERM');
  await exit;
});
