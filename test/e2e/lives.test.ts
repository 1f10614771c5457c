import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { exitClasses, exitClassOf } from '../../src/model/events.ts';
import type { ExitClass } from '../../src/model/events.ts';
import { waitUntil } from '../support/real/daemon.ts';
import type { OtlpRequest } from '../support/real/collector.ts';
import type { Exposition, Series } from '../support/wire/exposition.ts';
import { pointsOf } from '../support/wire/otlp-points.ts';
import { busyboxImage } from '../support/real/real-engine.ts';
import { engineVersions, skipWithoutScene, startScene, type Scene } from '../support/real/scene.ts';

/** As many as are started one after the other; TIDEGAUGE_TEST_LIVES=200 with pauses in between takes a minute. */
const lives = Number(process.env['TIDEGAUGE_TEST_LIVES'] ?? 40);
const warmUp = 'warm-up:1';
const exitCodes = [0, 1, 2, 137, 3] as const;
const codeOf = (index: number): number => exitCodes[index % exitCodes.length] ?? 0;

suite('short lives', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const version of engineVersions) suite(version, { concurrency: false }, () => livesOn(version));
});

function livesOn(version: (typeof engineVersions)[number]): void {
  let scene: Scene;

  before(async () => {
    scene = await startScene(version, ['--interval=10s'], (runtime) =>
      runtime.docker('tag', busyboxImage, warmUp),
    );
    await waitUntil('the stream of events', async () => {
      // Of an image of its own: the event of its last death may arrive when the lives have begun.
      await scene.runtime.docker('run', '--rm', '--network=none', warmUp, 'true');
      return deaths(await scene.agent.metrics(), 'warm-up') > 0 ? true : undefined;
    });
    await failToStart(scene);
  });
  after(() => scene[Symbol.asyncDispose]());

  test('every container that lives half a second is counted, with its exit code', async () => {
    const before = await scene.agent.metrics();
    for (let index = 0; index < lives; index += 1) {
      const script = `sleep 0.5; exit ${codeOf(index)}`;
      const name = `life-${index}`;
      const args = ['--detach', '--rm', '--network=none', `--name=${name}`, busyboxImage, 'sh', '-c', script];
      await scene.runtime.docker('run', ...args);
      if (lives > 100) await wait(60_000 / lives / 2);
    }
    const shown = await waitUntil('the end of the last', async () => {
      const metrics = await scene.agent.metrics();
      return deaths(metrics) - deaths(before) === lives ? metrics : undefined;
    });
    for (const name of exitClasses) {
      const expected = Array.from({ length: lives }, (_, index) => exitClassOf(codeOf(index)));
      const seen = classOf(shown, name) - classOf(before, name);
      assert.equal(seen, expected.filter((each) => each === name).length, name);
    }
    const exported = await scene.collector.waitForExport(
      (requests) => codesIn(requests).size === lives,
      60_000,
    );
    const codes = codesIn(exported);
    for (let index = 0; index < lives; index += 1)
      assert.deepEqual(codes.get(`life-${index}`), codeOf(index), `life-${index}`);
  });

  test('two intervals later, a minute at least, nothing of them is left but what lasts', async () => {
    const { agent, collector } = scene;
    const isLife = ({ labels }: Series): boolean => labels['container_name']?.startsWith('life-') === true;
    const shown = await agent.waitForMetrics('their end', ({ series }) => !series.some(isLife), 180_000);
    assert.ok(deaths(shown) >= lives);
    const arrived = (await collector.fileExport()).length;
    // One that was under way may still have them.
    const requests = await collector.waitForExport(({ length }) => length >= arrived + 2);
    assert.equal(codesIn(requests.slice(-1)).size, 0);
  });

  test('a start that failed keeps its exit code though the container is created', async () => {
    // No event announced it: it is found when the container is inspected again, within a minute that is over by now.
    const labels = { container_name: 'failed' };
    const shown = await scene.agent.waitForMetrics(
      'the exit code',
      (found) => found.value('container_exit_code', labels) !== undefined,
    );
    assert.equal(shown.state('failed'), 'created');
    assert.equal(shown.value('container_exit_code', labels), 127);
  });
}

/** Creates a container that the agent has inspected when its start fails. */
async function failToStart({ runtime, agent }: Scene): Promise<void> {
  await runtime.docker('create', '--network=none', '--name=failed', busyboxImage, '/no/such/program');
  const shown = await agent.waitForMetrics(
    'the created container',
    (found) => found.state('failed') === 'created',
  );
  assert.equal(shown.value('container_exit_code', { container_name: 'failed' }), undefined);
  await assert.rejects(runtime.docker('start', 'failed'));
}

function deaths(metrics: Exposition, image = 'bb'): number {
  return exitClasses.reduce((sum, name) => sum + classOf(metrics, name, image), 0);
}

function classOf(metrics: Exposition, name: ExitClass, image = 'bb'): number {
  const [series] = metrics.all('container_image_events_total', {
    container_image_name: image,
    container_event_action: 'die',
    container_exit_class: name,
  });
  return series?.value ?? 0;
}

/** The exit code of each of the lives, as the Collector wrote them. */
function codesIn(requests: readonly OtlpRequest[]): ReadonlyMap<string, number> {
  const exits = requests.flatMap(pointsOf).filter(({ name }) => name === 'container.exits');
  return new Map(
    exits.flatMap(({ resource, attributes }) => {
      const name = String(resource['container.name']);
      return name.startsWith('life-') ? [[name, Number(attributes['container.exit.code'])] as const] : [];
    }),
  );
}
