import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedEngine } from '../../../src/simulator/simulated-engine.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { ask, askJson, dig } from './ask.ts';

const startTime = Date.UTC(2026, 10, 23, 12);

class Clock {
  #time = startTime;
  readonly now = (): number => this.#time;
  pass(seconds: number): void {
    this.#time += seconds * 1000;
  }
}

async function events(engine: SimulatedEngine, clock: Clock, filters: object): Promise<string[]> {
  // A microsecond later, for events of one millisecond differ in nanoseconds.
  const until = `${(clock.now() / 1000).toFixed(3)}001`;
  const query = `since=1&until=${until}&filters=${encodeURIComponent(JSON.stringify(filters))}`;
  const { text } = await ask(engine.socket, `/events?${query}`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => String(dig(JSON.parse(line), 'Action')));
}

async function inspected(engine: SimulatedEngine, name: string): Promise<unknown> {
  return await askJson(engine.socket, `/containers/${name}/json`);
}

test('a crash-looper restarts with growing waits, and its restart count grows', async () => {
  const clock = new Clock();
  const ending = { afterMillis: 3000, exitCode: 1 };
  await using engine = await startSimulatedEngine({
    now: clock.now,
    specs: [{ name: 'loop', restart: 'always', ending }],
  });
  clock.pass(3.05);
  const waiting = await inspected(engine, 'loop');
  assert.deepEqual(
    ['Status', 'Running', 'Restarting', 'ExitCode', 'Pid'].map((key) => dig(waiting, 'State', key)),
    ['restarting', true, true, 1, 0],
  );
  clock.pass(0.1);
  assert.equal(dig(await inspected(engine, 'loop'), 'State', 'StartedAt'), '2026-11-23T12:00:03.1Z');
  clock.pass(3);
  assert.equal(dig(await inspected(engine, 'loop'), 'RestartCount'), 2);
  assert.deepEqual(await events(engine, clock, { type: ['container'] }), ['die', 'start', 'die']);
  assert.match(
    (await ask(engine.socket, '/containers/json?all=1')).text,
    /"Status":"Restarting \(1\) Less than a second ago"/,
  );
});

test('an out-of-memory kill shows as oom and die 137, and as OOMKilled until the next start', async () => {
  const clock = new Clock();
  await using engine = await startSimulatedEngine({ now: clock.now, scenario: 'demo' });
  clock.pass(41);
  const killed = await inspected(engine, 'report-generator');
  assert.deepEqual(
    [dig(killed, 'State', 'OOMKilled'), dig(killed, 'State', 'ExitCode'), dig(killed, 'State', 'Status')],
    [true, 137, 'exited'],
  );
  assert.deepEqual(await events(engine, clock, { container: ['report-generator'] }), ['oom', 'die']);
  clock.pass(15);
  assert.equal(dig(await inspected(engine, 'report-generator'), 'State', 'OOMKilled'), false);
});

test('health goes unhealthy after three failed checks, and back', async () => {
  const clock = new Clock();
  const healthcheck = { intervalMillis: 1000, goodMillis: 5000, badMillis: 5000 };
  await using engine = await startSimulatedEngine({ now: clock.now, specs: [{ name: 'sick', healthcheck }] });
  clock.pass(12);
  const seen = await events(engine, clock, { event: ['health_status'] });
  assert.deepEqual(seen, ['health_status: unhealthy', 'health_status: healthy']);
  assert.ok((await events(engine, clock, { event: ['exec_die'] })).length === 12);
});

test('churn starts jobs that end and are removed', async () => {
  const clock = new Clock();
  await using engine = await startSimulatedEngine({ now: clock.now, scenario: 'demo' });
  clock.pass(30);
  engine.advance();
  const seen = await events(engine, clock, { label: ['com.example.job=thumbnails'] });
  assert.equal(seen.filter((action) => action === 'create').length, 5);
  assert.ok(seen.filter((action) => action === 'destroy').length >= 3);
  assert.ok(!engine.names.includes('thumbnails-1'));
});

test('figures stand still while paused, go on after, and begin anew after a restart', async () => {
  const clock = new Clock();
  await using engine = await startSimulatedEngine({
    now: clock.now,
    specs: [{ name: 'web', ageMillis: 60_000 }],
  });
  const cpu = async (): Promise<number> => {
    const stats = await askJson(engine.socket, '/containers/web/stats?stream=false&one-shot=1');
    return Number(dig(stats, 'cpu_stats', 'cpu_usage', 'total_usage'));
  };
  engine.pause('web');
  const atPause = await cpu();
  clock.pass(10);
  assert.equal(await cpu(), atPause);
  engine.unpause('web');
  clock.pass(1);
  assert.ok((await cpu()) > atPause);
  engine.restart('web');
  clock.pass(1);
  assert.ok((await cpu()) < atPause);
  assert.deepEqual(await events(engine, clock, { container: ['web'] }), [
    'pause',
    'unpause',
    'kill',
    'die',
    'stop',
    'start',
    'restart',
  ]);
});

test('run, rename, update and forced removal emit what Moby emits', async () => {
  const clock = new Clock();
  await using engine = await startSimulatedEngine({ now: clock.now });
  const id = engine.add({ name: 'job' });
  engine.rename('job', 'renamed');
  engine.update('renamed', { memoryBytes: 2 ** 26 });
  assert.equal(dig(await inspected(engine, 'renamed'), 'HostConfig', 'Memory'), 2 ** 26);
  engine.remove('renamed');
  assert.deepEqual(await events(engine, clock, {}), [
    'create',
    'connect',
    'start',
    'rename',
    'update',
    'kill',
    'die',
    'disconnect',
    'destroy',
  ]);
  assert.equal((await ask(engine.socket, `/containers/${id}/json`)).status, 404);
  assert.throws(() => engine.kill('renamed'), /No such container: renamed/);
});

test('a container stopped while it waits for its restart stays stopped', async () => {
  const clock = new Clock();
  const ending = { afterMillis: 3000, exitCode: 1 };
  const specs = [{ name: 'loop', restart: 'always', ending } as const];
  await using engine = await startSimulatedEngine({ now: clock.now, specs });
  clock.pass(3.05);
  engine.stop('loop');
  clock.pass(60);
  assert.equal(dig(await inspected(engine, 'loop'), 'State', 'Status'), 'exited');
  engine.start('loop');
  assert.equal(dig(await inspected(engine, 'loop'), 'RestartCount'), 0);
});
