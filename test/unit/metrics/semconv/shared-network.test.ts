import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absencesOf } from '../../../../src/metrics/absence.ts';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';
import { observationsOf } from '../observed.ts';

const ofNetworks = profiles.semconv.containers.filter(({ name }) => name.startsWith('container.network.'));
const info = profiles.semconv.containers.find(({ name }) => name === 'container.info');

function snapshotsOf(runtime: TrackedRuntime): readonly ContainerSnapshot[] {
  return runtime.set.snapshot().containers;
}

/** The containers with network usage, for every one of its metrics. */
function counted(runtime: TrackedRuntime): readonly string[] {
  const shown = snapshotsOf(runtime).filter((snapshot) =>
    ofNetworks.some((instrument) => observationsOf(instrument, snapshot).length > 0),
  );
  return shown.map(({ identity }) => identity.name).toSorted();
}

/** Owner of the network that each container has joined, by `container.info`. */
function owners(runtime: TrackedRuntime): Readonly<Record<string, unknown>> {
  assert.ok(info);
  return Object.fromEntries(
    snapshotsOf(runtime).flatMap((snapshot) =>
      observationsOf(info, snapshot).map(
        ({ attributes }) => [snapshot.identity.name, attributes['container.network.owner.id']] as const,
      ),
    ),
  );
}

function received(runtime: TrackedRuntime): number {
  const bytes = ofNetworks.filter(({ name }) => name === 'container.network.io');
  const points = snapshotsOf(runtime).flatMap((each) =>
    bytes.flatMap((instrument) => observationsOf(instrument, each)),
  );
  return points.reduce((sum, { value }) => sum + value, 0);
}

/** A runtime on which `client` and `probe` have joined the network of `vpn`, which received 700 MB. */
function sharing(names = ['client', 'probe', 'vpn']): TrackedRuntime {
  const runtime = new TrackedRuntime(names);
  const vpn = names.includes('vpn') ? runtime.container('vpn') : new ScriptedContainer('vpn', runtime.clock);
  vpn.networks = [{ name: 'eth0', receivedBytes: 700_000_000 }];
  for (const name of ['client', 'probe']) runtime.container(name).join(vpn);
  return runtime;
}

test('a shared network is counted once, at its owner, and the others say whose it is', async () => {
  const runtime = sharing();
  await runtime.probe();
  assert.deepEqual(counted(runtime), ['vpn']);
  assert.equal(received(runtime), 700_000_000);
  const { id } = runtime.container('vpn');
  assert.deepEqual(owners(runtime), { client: id, probe: id, vpn: undefined });
  const reasons = snapshotsOf(runtime).map((each) => [
    each.identity.name,
    absencesOf(each).includes('shared-network'),
  ]);
  assert.deepEqual(Object.fromEntries(reasons), { client: true, probe: true, vpn: false });
});

test('of a network whose owner is not measured one of those that joined it has the figures', async () => {
  const runtime = sharing(['client', 'probe']);
  await runtime.probe();
  assert.deepEqual(counted(runtime), ['client']);
  assert.equal(received(runtime), 700_000_000);
  const { id } = new ScriptedContainer('vpn', runtime.clock);
  assert.deepEqual(owners(runtime), { client: id, probe: id });
  assert.ok(!absencesOf(runtime.snapshot('client') ?? assert.fail()).includes('shared-network'));
});

test('a pod’s network is its sandbox’s, also for a container that joined by way of another', async () => {
  const runtime = sharing(['client', 'probe', 'vpn', 'nested']);
  const nested = runtime.container('nested');
  nested.join(runtime.container('client'));
  nested.networks = runtime.container('vpn').networks;
  await runtime.probe();
  assert.deepEqual(counted(runtime), ['vpn']);
  assert.equal(owners(runtime)['nested'], runtime.container('vpn').id);
});

test('once a container leaves the network, what it counts is its own', async () => {
  const runtime = sharing();
  await runtime.probe();
  const client = runtime.container('client');
  client.networkOwnerId = undefined;
  client.restart();
  await runtime.probe();
  assert.deepEqual(counted(runtime), ['client', 'vpn']);
  assert.equal(owners(runtime)['client'], undefined);
});
