import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { waitUntil } from '../support/real/daemon.ts';
import { EventStream } from '../support/wire/event-stream.ts';
import { containerPoints, type Point } from '../support/wire/otlp-points.ts';
import { engineVersions, skipWithoutScene, startScene, type Scene } from '../support/real/scene.ts';

/** A second is promised; the machine may be busy with other tests. */
const timeoutMillis = 60_000;

type View = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

suite('the life of a container as it happens', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const version of engineVersions) suite(version, { concurrency: false }, () => livesOn(version));
});

function livesOn(version: (typeof engineVersions)[number]): void {
  let scene: Scene;
  let events: EventStream;

  before(async () => {
    scene = await startScene(version, ['--interval=2s', '--min-probe-interval=500ms']);
    events = new EventStream(api('events'));
    await waitUntil('the stream', async () => events.of('listening').some(({ listening }) => listening));
  });
  after(async () => {
    events[Symbol.dispose]();
    await scene[Symbol.asyncDispose]();
  });

  const api = (path: string): string => new URL(`/api/v1/${path}`, scene.agent.metricsUrl).href;

  /** Waits for the event and for its change in the API, both soon after it; gives the event's arrival time. */
  async function expectEvent(
    t: TestContext,
    { name, action }: { readonly name: string; readonly action: string },
    isShown: (view: View) => boolean,
  ): Promise<number> {
    const event = await waitUntil(action, async () =>
      events.messages.findLast(({ data }) => data['name'] === name && data['action'] === action),
    );
    const happenedAt = Date.parse(String(event.data['time']));
    await waitUntil(`${name} after ${action}`, async () => {
      const answer = await fetch(api(`containers/${name}`));
      return (answer.ok && isShown(JSON.parse(await answer.text()))) || undefined;
    });
    const [eventMillis, shownMillis] = [event.arrivedAt - happenedAt, Date.now() - happenedAt];
    t.diagnostic(`${action}: told after ${eventMillis} ms, shown after ${shownMillis} ms`);
    assert.ok(eventMillis < timeoutMillis && shownMillis < timeoutMillis);
    return event.arrivedAt;
  }

  /** The points of the first export that was made after that time. */
  async function nextExport(name: string, eventAt: number): Promise<readonly Point[]> {
    const isLater = ({ nanos }: Point): boolean => Number(nanos) / 1e6 > eventAt;
    const later = (request: Parameters<typeof containerPoints>[0]): readonly Point[] => {
      const points = containerPoints(request, name);
      // One that was under way then has points of both sides of it.
      return points.every(isLater) ? points : [];
    };
    const all = await scene.collector.waitForExport((requests) =>
      requests.some((each) => later(each).length > 0),
    );
    return all.map(later).find(({ length }) => length > 0) ?? [];
  }

  test('a new container is in /metrics and in the API at once', async (t) => {
    for (const name of ['one', 'two', 'three']) {
      await scene.runtime.run(name, [], 'exec sleep 1000');
      const start = Date.now();
      await scene.agent.waitForMetrics(
        name,
        (shown) => shown.value('container_info', { container_name: name }) === 1,
      );
      t.diagnostic(`${name}: in /metrics ${Date.now() - start} ms after docker run`);
      assert.ok(Date.now() - start < timeoutMillis);
      await expectEvent(t, { name, action: 'start' }, ({ state }) => state?.['status'] === 'running');
    }
  });

  test('a container that its memory limit killed has an OOM event and exit code 137', async (t) => {
    // The shell outlives what is killed: a runtime misses the kernel's word when the cgroup goes too soon after.
    const script = 'tail /dev/zero; code=$?; until [ -e /told ]; do sleep 0.1; done; exit $code';
    await scene.runtime.run('starved', ['--memory=64m', '--memory-swap=64m'], script);
    await expectEvent(t, { name: 'starved', action: 'oom' }, ({ state }) => state !== undefined);
    await scene.runtime.docker('exec', 'starved', 'touch', '/told');
    const endedAt = await expectEvent(
      t,
      { name: 'starved', action: 'die' },
      ({ state }) => state?.['exitCode'] === 137 && state['oomKilled'] === true,
    );
    const points = await nextExport('starved', endedAt);
    assert.equal(eventCount(points, 'oom'), 1);
    assert.equal(eventCount(points, 'die'), 1);
    const [exits] = points.filter(({ name }) => name === 'container.exits');
    assert.equal(exits?.value, 1);
    assert.equal(exits?.attributes['container.exit.code'], 137);
    assert.equal(points.find(({ name }) => name === 'container.oom_killed')?.value, 1);
  });

  test('docker restart shows a new start, and is counted', async (t) => {
    const startOf = async (): Promise<string> =>
      await scene.runtime.docker('inspect', '--format={{.State.StartedAt}}', 'one');
    const before = await startOf();
    await scene.runtime.docker('restart', 'one');
    const after = Date.parse(await startOf());
    assert.ok(after > Date.parse(before));
    const restartedAt = await expectEvent(
      t,
      { name: 'one', action: 'restart' },
      ({ state }) => Date.parse(String(state?.['startedAt'])) === after,
    );
    const points = await nextExport('one', restartedAt);
    assert.equal(eventCount(points, 'restart'), 1);
    assert.ok(points.some(({ name, value }) => name === 'container.start_time' && value * 1000 >= after - 1));
  });

  test('a health check that fails shows at once', async (t) => {
    const check = ['--health-cmd=test -e /well', '--health-interval=1s', '--health-retries=1'];
    await scene.runtime.run('ill', check, ': >/well; exec sleep 1000');
    await expectEvent(
      t,
      { name: 'ill', action: 'health_status: healthy' },
      ({ state }) => state?.['health'] === 'healthy',
    );
    await scene.runtime.docker('exec', 'ill', 'rm', '/well');
    const illAt = await expectEvent(
      t,
      { name: 'ill', action: 'health_status: unhealthy' },
      ({ state }) => state?.['health'] === 'unhealthy',
    );
    const points = await nextExport('ill', illAt);
    const [transition] = points.filter(
      ({ name, attributes }) =>
        name === 'container.events' && attributes['container.health.status'] === 'unhealthy',
    );
    assert.equal(transition?.value, 1);
  });

  test('pause and unpause show at once', async (t) => {
    await scene.runtime.pause('two');
    const pausedAt = await expectEvent(
      t,
      { name: 'two', action: 'pause' },
      ({ state }) => state?.['status'] === 'paused',
    );
    assert.equal(eventCount(await nextExport('two', pausedAt), 'pause'), 1);
    await scene.runtime.docker('unpause', 'two');
    await expectEvent(t, { name: 'two', action: 'unpause' }, ({ state }) => state?.['status'] === 'running');
  });

  test('samples of a running container, and the end of its stream when it is removed', async () => {
    using stats = new EventStream(api('containers/three/stats'));
    await waitUntil('three samples', async () => stats.of('stats').length >= 3);
    const times = stats.of('stats').map(({ sampledAt }) => sampledAt);
    assert.equal(new Set(times).size, times.length);
    await scene.runtime.docker('rm', '--force', 'three');
    await waitUntil('the end', async () => stats.hasEnded || undefined);
    assert.equal((await fetch(api('containers/three'))).status, 404);
  });
}

function eventCount(points: readonly Point[], action: string): number | undefined {
  return points.find(
    ({ name, attributes }) => name === 'container.events' && attributes['container.event.action'] === action,
  )?.value;
}
