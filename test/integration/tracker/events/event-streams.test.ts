import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '../../../../src/clock.ts';
import type { SimulatedEngine } from '../../../../src/simulator/simulated-engine.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { DockerSource } from '../../../../src/sources/docker/docker-source.ts';
import { TrackerSet } from '../../../../src/tracker/tracker-set.ts';
import { waitUntil } from '../../../support/real/daemon.ts';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { KeptLog, ObservedProbes } from '../../../support/fakes/observed-probes.ts';
import { ampleMillis } from '../../../support/fakes/tracked-runtime.ts';

/** A runtime on a socket with an open stream, and the events received of it. */
async function listeningRuntime(names: readonly string[] = ['web'], callTimeoutMillis = 60_000) {
  const runtime = await startSimulatedEngine({ specs: names.map((name) => ({ name, image: 'web:1' })) });
  const endpoint = { url: runtime.url };
  const source = new DockerSource({ endpoint, callTimeoutMillis, now: () => Date.now() });
  const events = new ObservedEvents();
  const timing = { minProbeIntervalMillis: 10, probeTimeoutMillis: ampleMillis };
  const observer = new ObservedProbes();
  const log = new KeptLog();
  const set = new TrackerSet({ source, observer, clock: systemClock, log, events, ...timing });
  const actions = () => events.events.map(({ action }) => action);
  const untilReceived = (count: number) =>
    waitUntil(`${count} events`, () => Promise.resolve(events.events.length >= count || undefined));
  const opened = (count: number) =>
    waitUntil(`stream ${count}`, () =>
      Promise.resolve(events.listened.filter(Boolean).length >= count || undefined),
    );
  await waitUntil('the first stream', async () => {
    // A call that a busy machine was too slow for fails the probe, and only one that succeeds opens the stream.
    await set.update(ampleMillis);
    return events.listened.includes(true);
  });
  const end = async (): Promise<void> => {
    set.close();
    await runtime.close();
  };
  return { runtime, set, events, log, actions, heard: untilReceived, opened, [Symbol.asyncDispose]: end };
}

function emit(runtime: SimulatedEngine, action: string, timeNano: bigint, actorId = 'a'.repeat(64)): void {
  const attributes = { name: 'gone', image: 'gone:1', ...(action === 'die' && { exitCode: '3' }) };
  runtime.emit({ type: 'container', action, actorId, attributes, timeNano });
}

suite('streams of events', { concurrency: true }, () => {
  for (const [what, text] of [
    ['a page of HTML', '<html>\n'],
    ['half a line', '{"Type":"container","Acti\n'],
    ['ten megabytes without an end', 'x'.repeat(10 * 1024 * 1024)],
  ] as const)
    test(`${what}: the stream is opened again, and what happened meanwhile is told once`, async () => {
      await using host = await listeningRuntime();
      host.runtime.pause('web');
      await host.heard(1);
      host.runtime.writeToStreams('events', text);
      await waitUntil('the end', () => Promise.resolve(host.events.listened.includes(false) || undefined));
      host.runtime.unpause('web');
      await host.opened(2);
      host.runtime.pause('web');
      await host.heard(3);
      assert.deepEqual(host.actions(), ['pause', 'unpause', 'pause']);
      assert.equal(host.events.gaps, 0);
    });

  for (const how of ['end', 'reset'] as const)
    test(`a stream that the runtime ends by ${how} goes on where it was`, async () => {
      await using host = await listeningRuntime();
      host.runtime.pause('web');
      await host.heard(1);
      host.runtime.endStreams('events', how);
      host.runtime.unpause('web');
      await host.heard(2);
      assert.deepEqual(host.actions(), ['pause', 'unpause']);
      assert.equal(host.events.gaps, 0);
    });

  test('a runtime that never answers to the call for events is asked again', async () => {
    await using host = await listeningRuntime(['web'], 1000);
    host.runtime.fault('events', { kind: 'hang' }, { times: 1 });
    host.runtime.endStreams('events');
    await host.opened(2);
    assert.ok(host.log.messages.includes('runtime sends no events'));
  });

  test('values of any type, times of the far future and strangers are passed over', async () => {
    await using host = await listeningRuntime();
    for (const text of [
      'null',
      '[]',
      '7',
      '{"Actor":7,"Action":"start"}',
      '{"Actor":{"ID":""},"Action":"die"}',
    ])
      host.runtime.writeToStreams('events', `${text}\n`);
    const odd = `{"Action":"pause","Actor":{"ID":"b","Attributes":[]},"timeNano":1e300}\n`;
    host.runtime.writeToStreams('events', odd);
    await host.heard(1);
    host.runtime.endStreams('events');
    await host.opened(2);
    host.runtime.pause('web');
    await host.heard(2);
    assert.deepEqual(host.actions(), ['pause', 'pause']);
  });

  test('ten thousand events in a second are counted once each, though all are told twice and backwards', async () => {
    await using host = await listeningRuntime();
    const began = BigInt(Date.now()) * 1_000_000n;
    for (let index = 0; index < 2500; index += 1) {
      const id = index.toString(16).padStart(64, 'b');
      const at = began - BigInt(index * 100_000);
      const emitAll = (): void => {
        for (const [step, action] of ['create', 'start', 'die', 'destroy'].entries())
          emit(host.runtime, action, at + BigInt(step * 1000), id);
      };
      emitAll();
      emitAll();
    }
    await host.heard(10_000);
    await host.set.update(ampleMillis);
    const { imageEvents, containers, removed = [] } = host.set.snapshot();
    const counts = imageEvents?.images.get('gone');
    assert.deepEqual([counts?.actions.get('start'), counts?.exitCodes.get(3)], [2500, 2500]);
    assert.equal(host.events.events.length, 10_000);
    assert.deepEqual([containers.length, removed.length], [1, 1000]);
  });

  test('a runtime restarted in a storm: its gap is counted, and the set equals its list', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `c${index}`);
    await using host = await listeningRuntime(names);
    for (const name of names.slice(0, 20)) host.runtime.pause(name);
    await host.heard(20);
    await host.runtime.down();
    for (const name of names.slice(0, 30)) host.runtime.remove(name);
    for (const name of names.slice(30, 40)) host.runtime.kill(name);
    await waitUntil('nobody in sight', async () => {
      await host.set.update(ampleMillis);
      return host.set.snapshot().containers.length === 0 || undefined;
    });
    await host.runtime.up();
    for (let index = 0; index < 10; index += 1) host.runtime.add({ name: `late${index}` });
    await waitUntil('the return', async () => {
      await host.set.update(ampleMillis);
      return host.events.gaps > 0 ? true : undefined;
    });
    await waitUntil('the same as the list', async () => {
      await host.set.update(ampleMillis);
      const { containers } = host.set.snapshot();
      const shown = containers.map(({ identity, state }) => `${identity.name} ${state.status}`).toSorted();
      const there = host.runtime.names.map((name) => `${name} ${host.runtime.container(name).state.status}`);
      return shown.join() === there.toSorted().join();
    });
    assert.equal(host.events.gaps, 1);
    assert.equal(host.set.snapshot().containers.length, 30);
  });
});
