import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { readRecording, RecordingError } from '../../../src/simulator/replay/recording.ts';
import { startReplay } from '../../../src/simulator/replay/start.ts';
import { DockerSource } from '../../../src/sources/docker/docker-source.ts';
import { casesFolder, needsPeerCases } from '../../support/wire/recorded-cases.ts';
import { sampleOf } from '../../support/fakes/sample-of.ts';

const container = {
  Id: 'a1'.repeat(32),
  Name: '/web',
  Config: { Image: 'nginx' },
  State: { Status: 'running', Running: true },
};
const stats = { read: '2026-01-01T00:00:00Z', cpu_stats: { cpu_usage: { total_usage: 5 } } };
const never = new AbortController().signal;

function sourceOf(url: string): DockerSource {
  const endpoint = { url, tls: { verify: false } };
  return new DockerSource({ endpoint, callTimeoutMillis: 5000, now: () => Date.now() });
}

describe('an engine that replays', () => {
  let root = '';
  let folder = '';
  let count = 0;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'tidegauge-replay-'));
  });
  beforeEach(async () => {
    folder = join(root, String(count++));
    await mkdir(folder);
  });
  after(() => rm(root, { recursive: true, force: true }));

  async function write(files: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  function mistakes(): string[] {
    try {
      readRecording(folder);
    } catch (error) {
      assert.ok(error instanceof RecordingError);
      return error.problems.map((problem) => problem.replaceAll(folder, 'DIR'));
    }
    return [];
  }

  test('finds containers by id, its beginning and name, and answers byte by byte', async () => {
    await write({
      'containers.json': [{ Id: container.Id, Names: ['/web'], State: 'running' }],
      'container1.json': container,
      'stats1.json': '{"cpu_stats": {"cpu_usage": {"total_usage": 9223372036854775801}}}',
    });
    const engine = await startReplay(folder);
    const source = sourceOf(engine.url);
    try {
      const { apiVersion, hostName, runtimeVersion } = await source.describe(never);
      assert.deepEqual([apiVersion, hostName, runtimeVersion], ['1.51', undefined, undefined]);
      assert.deepEqual(
        (await source.list(never)).map(({ name }) => name),
        ['web'],
      );
      for (const reference of [container.Id, 'web', 'a1a1'])
        assert.equal((await source.inspect(reference, never)).identity.image.reference, 'nginx');
      assert.equal((await sampleOf(source, 'web', never))?.cpu?.totalNanos, 9223372036854775801n);
      await assert.rejects(source.inspect('b', never), { code: 'not-found' });
      await assert.rejects(sampleOf(source, 'b', never), { code: 'not-found' });
    } finally {
      source.close();
      await engine.close();
    }
  });

  test('lists what was inspected where no list was recorded; a container that did not run has no sample', async () => {
    await write({
      'container.json': container,
      'stats.json': stats,
      'container2.json': { Id: 'b2', Name: '/job', State: { Status: 'exited' } },
    });
    const engine = await startReplay(folder);
    const source = sourceOf(engine.url);
    try {
      const listed = (await source.list(never)).map(({ name, status }) => [name, status]);
      assert.deepEqual(listed, [
        ['web', 'running'],
        ['job', 'exited'],
      ]);
      assert.equal(await sampleOf(source, 'b2', never), undefined);
    } finally {
      source.close();
      await engine.close();
    }
  });

  test('reads folders per container, with the engine’s answers in one of their own', () => {
    const { containers, version, info } = readRecording(casesFolder('cgroup_v2'));
    assert.equal(containers.length, 5);
    assert.ok(version && info);
  });

  test('reads a folder that is one container', needsPeerCases, () => {
    const windows = readRecording(casesFolder('telegraf/windows_memory_stats/data'));
    assert.deepEqual(
      windows.containers.map(({ id }) => id),
      ['123456789'],
    );
  });

  test('takes every spelling of a path', async () => {
    await write({ 'container1.json': container, 'stats1.json': stats, 'db/inspect.json': { Id: 'd1' } });
    const link = join(root, 'link');
    await symlink(join(folder, 'db'), link);
    const spellings = [
      `${folder}/../${basename(folder)}`,
      `${folder}/db/..`,
      `${link}/..`,
      `${folder}/`,
      `${folder}//.`,
      relative(process.cwd(), folder),
      `./${relative(process.cwd(), folder)}/`,
    ];
    for (const path of spellings)
      assert.deepEqual(
        readRecording(path).containers.map(({ id }) => id),
        [container.Id, 'd1'],
        path,
      );
  });

  test('reports all that is wrong with a folder', async () => {
    const expected = 'expected containers.json, and containerN.json with statsN.json for each container';
    assert.deepEqual(mistakes(), [`DIR: holds no recorded answers; ${expected}`]);
    await write({ 'container1.json': '{', 'stats.json': '' });
    assert.deepEqual(
      mistakes().map((each) => each.replace(/not JSON:.*/, 'not JSON')),
      ['DIR/container1.json: not JSON', 'DIR/stats.json: not JSON'],
    );
    await write({
      'containers.json': {},
      'container1.json': container,
      'container2.json': [],
      'stats3.json': stats,
      'stats.json': stats,
      'web/stats.json': stats,
    });
    assert.deepEqual(mistakes(), [
      'DIR/container1.json: the container runs, but no stats1.json is beside it',
      'DIR/container2.json: expected an object with an Id',
      'DIR/stats.json: neither container.json nor inspect.json is beside it',
      'DIR/stats3.json: neither container3.json nor inspect3.json is beside it',
      'DIR/web/stats.json: neither container.json nor inspect.json is beside it',
      'DIR/containers.json: expected a list of containers',
    ]);
    assert.throws(() => readRecording(join(folder, 'nowhere')), /nowhere: no such folder$/);
    assert.throws(() => readRecording(join(folder, 'stats.json')), /stats\.json: it is no folder$/);
  });
});
