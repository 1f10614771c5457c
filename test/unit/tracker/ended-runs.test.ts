import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EndingRuntime } from '../../support/fakes/ending-runtime.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';

test('a container that stopped shows what it had used, with its time, for a minute; its event has it', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  const began = runtime.snapshot('web')?.starts.of('cpu', 'total');
  await runtime.clock.advance(5000);
  const last = runtime.ends(web, 3e9);
  web.exit(0);
  runtime.emit(web, 'die');
  await runtime.settle();
  assert.deepEqual(runtime.observed.lasts.at(-1), last);
  const shown = runtime.snapshot('web');
  assert.deepEqual([shown?.state.status, shown?.sample, shown?.previous], ['exited', last, undefined]);
  assert.equal(shown?.starts.of('cpu', 'total'), began, 'the counter goes on');
  await runtime.probe(58_000);
  assert.deepEqual(runtime.snapshot('web')?.sample, last);
  await runtime.probe(3000);
  assert.equal(runtime.snapshot('web')?.sample, undefined);
  assert.equal(runtime.snapshot('web')?.state.status, 'exited');
  runtime.set.close();
});

test('a container that nobody has ever listed is shown with what it had used, although it is gone', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const life = new ScriptedContainer('life', runtime.clock);
  await runtime.clock.advance(700);
  const last = runtime.ends(life, 1e8);
  runtime.emit(life, 'create', 'start', 'die', 'destroy');
  await runtime.settle();
  const shown = runtime.removed('life');
  assert.deepEqual([shown?.published, shown?.sample], [false, last]);
  assert.equal(shown?.starts.of('cpu', 'total'), last.takenAt - 500);
  assert.equal(runtime.snapshot('web')?.sample?.isLast, undefined, 'nobody else’s');
  await runtime.probe(70_000);
  assert.equal(runtime.removed('life'), undefined);
  runtime.set.close();
});

test('one that was measured, and removed itself, is shown under the same owner', async () => {
  const runtime = await EndingRuntime.start(['job']);
  const job = runtime.container('job');
  const owner = runtime.snapshot('job')?.owner;
  await runtime.clock.advance(1000);
  const last = runtime.ends(job, 2e9);
  runtime.emit(job, 'die');
  await nextTurn();
  runtime.remove(job);
  runtime.emit(job, 'destroy');
  await runtime.settle();
  assert.equal(runtime.snapshot('job'), undefined);
  assert.deepEqual([runtime.removed('job')?.owner, runtime.removed('job')?.sample], [owner, last]);
  runtime.set.close();
});

test('another container of that name hides the values of the one that is gone', async () => {
  const runtime = await EndingRuntime.start(['job']);
  const job = runtime.container('job');
  runtime.ends(job, 2e9);
  runtime.remove(job);
  const next = new ScriptedContainer('next', runtime.clock);
  next.name = 'job';
  runtime.source.containers.push(next);
  runtime.emit(job, 'die', 'destroy');
  runtime.emit(next, 'create', 'start');
  await runtime.settle();
  assert.equal(runtime.removed('job')?.sample, undefined);
  assert.equal(runtime.snapshot('job')?.identity.id, next.id);
  runtime.set.close();
});

test('of several that are gone under one name the newest is observed first: where that is all, a series is its own', async () => {
  const runtime = await EndingRuntime.start([]);
  const lasts = [];
  for (const id of ['first', 'second']) {
    const job = new ScriptedContainer(id, runtime.clock);
    job.name = 'job';
    await runtime.clock.advance(1000);
    lasts.push(runtime.ends(job, 1e9));
    runtime.emit(job, 'create', 'start', 'die', 'destroy');
    await runtime.settle();
  }
  const shown = runtime.set.snapshot().removed ?? [];
  assert.deepEqual(
    shown.map(({ sample }) => sample),
    lasts.toReversed(),
  );
  runtime.set.close();
});

test('one that was removed by force is gone at once', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  runtime.set.snapshot();
  runtime.ends(web, 2e9);
  runtime.remove(web);
  runtime.emit(web, 'kill', 'die', 'destroy');
  await runtime.settle();
  assert.deepEqual([runtime.snapshot('web'), runtime.removed('web')], [undefined, undefined]);
  runtime.set.close();
});

test('one that was stopped and removed itself shows what it had used; one that was killed is gone at once', async () => {
  for (const [signals, isShown] of [
    [['15'], true],
    [['SIGTERM', '9'], true],
    [['9'], false],
    [['SIGKILL'], false],
  ] as const) {
    const runtime = await EndingRuntime.start(['web']);
    const web = runtime.container('web');
    const owner = runtime.snapshot('web')?.owner;
    const last = runtime.ends(web, 2e9);
    for (const signal of signals) runtime.kill(web, signal);
    runtime.emit(web, 'die');
    await runtime.settle();
    runtime.remove(web);
    runtime.emit(web, 'destroy');
    await runtime.settle();
    const shown = runtime.removed('web');
    assert.deepEqual([shown?.sample, shown?.owner], isShown ? [last, owner] : [undefined, undefined]);
    runtime.set.close();
  }
});

test('a stop before the last start says nothing of a removal by force', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  runtime.snapshot('web');
  runtime.kill(web, '15');
  runtime.emit(web, 'die', 'start');
  await runtime.settle();
  runtime.ends(web, 2e9);
  runtime.remove(web);
  runtime.kill(web, '9');
  runtime.emit(web, 'die', 'destroy');
  await runtime.settle();
  assert.equal(runtime.removed('web'), undefined);
  runtime.set.close();
});

test('a container that was started again shows its new run as soon as that is measured, with a start of its own', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  await runtime.clock.advance(1000);
  const last = runtime.ends(web, 3e9);
  web.exit(1);
  runtime.emit(web, 'die');
  await runtime.settle();
  web.restart(1e8);
  runtime.emit(web, 'start');
  await runtime.settle();
  const shown = runtime.snapshot('web');
  assert.equal(shown?.sample?.cpu?.totalNanos, 1e8);
  assert.ok((shown?.starts.of('cpu', 'total') ?? 0) > last.takenAt);
  runtime.set.close();
});

test('what is less than is known, or came late, makes no counter fall', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  web.cpuNanos = 5e9;
  await runtime.probe();
  assert.equal(runtime.cpu('web'), 5e9);
  runtime.ends(web, 4e9);
  web.exit(0);
  runtime.emit(web, 'die');
  await runtime.settle();
  assert.equal(runtime.observed.lasts.at(-1), undefined);
  assert.equal(runtime.cpu('web'), undefined);
  runtime.set.close();
});

test('a sample that was taken before the end, and given after it, is not shown', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  const early = { takenAt: runtime.clock.now(), windows: false, cpu: { totalNanos: 1e9 } };
  await runtime.clock.advance(12_000);
  let respond: () => void = () => undefined;
  runtime.source.before = (call) =>
    call === 'sample' ? new Promise((resolve) => (respond = resolve)) : undefined;
  const probe = runtime.set.update(60_000);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  const last = runtime.ends(web, 3e9);
  web.exit(0);
  web.answer = () => early;
  runtime.emit(web, 'die');
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  respond();
  await probe;
  assert.deepEqual(runtime.snapshot('web')?.sample, last);
  runtime.set.close();
});

test('an end whose event never comes is found by the probe, and one that comes late has the values', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  await runtime.clock.advance(1000);
  const last = runtime.ends(web, 3e9);
  web.exit(0);
  runtime.emit(web, 'stop');
  await runtime.settle();
  await runtime.probe();
  assert.deepEqual(runtime.snapshot('web')?.sample, last);
  runtime.emit(web, 'die', 'die');
  await runtime.settle();
  assert.deepEqual(runtime.observed.lasts.slice(-2), [last, undefined]);
  runtime.set.close();
});

test('an end of which nothing is known is not reported with the values of the run before', async () => {
  const runtime = await EndingRuntime.start(['web']);
  const web = runtime.container('web');
  await runtime.clock.advance(1000);
  runtime.ends(web, 3e9);
  web.exit(0);
  runtime.emit(web, 'stop');
  await runtime.settle();
  await runtime.probe();
  web.restart(1e8);
  runtime.emit(web, 'start');
  await runtime.settle();
  web.exit(0);
  runtime.emit(web, 'die');
  await runtime.settle();
  assert.equal(runtime.observed.lasts.at(-1), undefined);
  runtime.set.close();
});
