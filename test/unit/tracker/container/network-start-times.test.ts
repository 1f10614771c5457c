import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { hang } from '../../../support/fakes/scripted-source.ts';
import { TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

const minute = 60_000;

function receive(owner: ScriptedContainer, receivedBytes: number): void {
  owner.networks = [{ name: 'eth0', receivedBytes }];
}

/** A runtime with a pod: its sandbox, an hour old, and an application in the sandbox's network. */
class Pod extends TrackedRuntime {
  readonly sandbox: ScriptedContainer;
  readonly app: ScriptedContainer;

  constructor(names: readonly string[] = ['app', 'sandbox']) {
    super(names);
    this.sandbox = this.container('sandbox');
    this.app = this.container('app');
    this.sandbox.startedAt -= 60 * minute;
    this.app.startedAt -= 30 * minute;
    this.app.join(this.sandbox);
    receive(this.sandbox, 1000);
  }

  /** When the application's counters began, and the bytes that are shown of it. */
  shown(): { network: unknown; cpu: unknown; bytes: unknown } {
    const { starts, sample } = this.snapshot('app') ?? {};
    const bytes = sample?.networks?.[0]?.receivedBytes;
    return { network: starts?.of('network eth0'), cpu: starts?.of('cpu'), bytes };
  }
}

for (const names of [
  ['app', 'sandbox'],
  ['sandbox', 'app'],
]) {
  test(`counters of another container’s network began with it, listed as ${names.join(', ')}`, async () => {
    const pod = new Pod(names);
    await pod.probe();
    assert.deepEqual(pod.shown(), {
      network: pod.sandbox.startedAt,
      cpu: pod.app.startedAt,
      bytes: 1000,
    });
  });
}

test('they outlive the container’s runs, also when its CPU time alone shows them', async () => {
  const pod = new Pod();
  await pod.probe();
  pod.app.restart();
  receive(pod.sandbox, 1500);
  await pod.probe(5000);
  const { startedAt } = pod.sandbox;
  assert.deepEqual(pod.shown(), { network: startedAt, cpu: pod.app.startedAt, bytes: 1500 });
  await pod.probe(2 * minute);
  pod.app.cpuNanos = 5;
  await pod.probe();
  assert.deepEqual([pod.shown().network, pod.shown().bytes], [startedAt, 1500]);
});

test('they begin anew with the owner, even when they are higher by then', async () => {
  const pod = new Pod();
  await pod.probe();
  await pod.clock.advance(4000);
  pod.sandbox.restart();
  receive(pod.sandbox, 2000);
  await pod.probe(6000);
  assert.deepEqual([pod.shown().network, pod.shown().bytes], [pod.sandbox.startedAt, 2000]);
});

test('they begin after the sample before when they fall', async () => {
  const pod = new Pod();
  await pod.probe();
  const before = pod.clock.now();
  receive(pod.sandbox, 10);
  await pod.probe();
  assert.equal(pod.shown().network, before);
});

test('what was counted before the owner started anew is not of its new run', async () => {
  const pod = new Pod();
  await pod.probe();
  // The sandbox is slow to be inspected, and meanwhile starts anew.
  pod.source.before = async (call, id) => {
    if (call !== 'inspect' || id !== pod.sandbox.id) return;
    await pod.clock.sleep(1000);
    pod.sandbox.restart();
  };
  const { startedAt } = pod.sandbox;
  await pod.clock.advance(minute);
  const update = pod.set.update(minute);
  await pod.clock.advance(2000);
  await update;
  assert.equal(pod.snapshot('sandbox')?.state.startedAt, pod.sandbox.startedAt);
  assert.equal(pod.shown().network, startedAt);
  pod.source.before = () => undefined;
  await pod.probe();
  assert.equal(pod.shown().network, pod.sandbox.startedAt);
});

test('until the owner is inspected they are not shown, and everything else is', async () => {
  const pod = new Pod();
  pod.source.before = (call, id) => (call === 'inspect' && id === pod.sandbox.id ? hang() : undefined);
  const update = pod.set.update(0);
  await pod.clock.advance(0);
  await update;
  assert.deepEqual([pod.shown().bytes, pod.cpu('app')], [undefined, 1e9]);
  // Not shown is not none.
  assert.deepEqual(pod.snapshot('app')?.sample?.unknown, ['networks']);
});

test('an owner that nobody knows: they began with the first run that was seen, whatever comes after', async () => {
  for (const ownerId of ['gone', undefined]) {
    const pod = new Pod();
    // Without an end, else.
    if (ownerId === undefined) pod.sandbox.join(pod.app);
    else pod.app.networkOwnerId = ownerId;
    receive(pod.app, 1000);
    const { startedAt } = pod.app;
    await pod.probe();
    assert.equal(pod.shown().network, startedAt);
    pod.app.restart();
    await pod.probe(5000);
    assert.deepEqual([pod.shown().network, pod.shown().cpu], [startedAt, pod.app.startedAt]);
  }
});

test('of an owner that is gone the last known start holds', async () => {
  const pod = new Pod();
  await pod.probe();
  pod.source.containers = [pod.app];
  pod.app.restart();
  await pod.probe();
  assert.equal(pod.shown().network, pod.sandbox.startedAt);
});
