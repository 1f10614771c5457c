import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { ask, askJson, dig } from './ask.ts';

const nowMillis = Date.UTC(2026, 10, 23, 12);
const now = (): number => nowMillis;
const oneShot = 'stats?stream=false&one-shot=true';

test('ping answers GET with OK and HEAD with headers only', async () => {
  await using engine = await startSimulatedEngine({ now });
  const get = await ask(engine.socket, '/_ping');
  assert.equal(get.text, 'OK');
  assert.equal(get.headers['api-version'], '1.51');
  assert.match(String(get.headers['server']), /^Docker\/28\./);
  const head = await ask(engine.socket, '/_ping', 'HEAD');
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('a client too new or too old gets 400 with the words of Moby', async () => {
  await using engine = await startSimulatedEngine({ now });
  const tooNew = await ask(engine.socket, '/v1.99/version');
  assert.deepEqual(
    [tooNew.status, JSON.parse(tooNew.text)],
    [400, { message: 'client version 1.99 is too new. Maximum supported API version is 1.51' }],
  );
  const tooOld = await ask(engine.socket, '/v1.12/version');
  assert.equal(tooOld.status, 400);
  assert.match(
    tooOld.text,
    /client version 1\.12 is too old\. Minimum supported API version is 1\.24, please upgrade/,
  );
  assert.equal((await ask(engine.socket, '/v1.44/version')).status, 200);
});

test('what is not there is 404 with a message', async () => {
  await using engine = await startSimulatedEngine({ now });
  for (const path of ['/containers/nobody/json', `/v1.47/containers/nobody/${oneShot}`]) {
    const reply = await ask(engine.socket, path);
    assert.deepEqual([reply.status, JSON.parse(reply.text)], [404, { message: 'No such container: nobody' }]);
  }
  assert.deepEqual(JSON.parse((await ask(engine.socket, '/nothing')).text), { message: 'page not found' });
});

test('list without all shows what runs; filters narrow it; Health comes with API 1.52', async () => {
  await using engine = await startSimulatedEngine({ now, scenario: 'demo', apiVersion: '1.52' });
  const names = async (query: string): Promise<string[]> => {
    const list = await askJson(engine.socket, `/containers/json?${query}`);
    return Array.isArray(list) ? list.map((item) => String(dig(item, 'Names', 0))) : [];
  };
  assert.equal((await names('all=1')).length, 12);
  assert.equal((await names('')).length, 10);
  assert.deepEqual(await names(`filters={"status":["created"]}`), ['/next-release']);
  assert.deepEqual(await names(`filters={"label":{"com.docker.compose.service=db":true}}`), ['/shop-db-1']);
  assert.deepEqual(await names(`filters={"name":["^/shop-a"]}`), ['/shop-api-1']);
  assert.equal((await ask(engine.socket, '/containers/json?filters={"nonsense":["x"]}')).status, 400);
  const [first] = Object.values((await askJson(engine.socket, '/containers/json')) ?? {});
  assert.equal(dig(first, 'Health', 'FailingStreak'), 0);
  const [older] = Object.values((await askJson(engine.socket, '/v1.47/containers/json')) ?? {});
  assert.equal(dig(older, 'Health'), undefined);
});

test('inspect finds a container by id, name and prefix, and shows limits and health', async () => {
  await using engine = await startSimulatedEngine({ now, scenario: 'demo' });
  const byName = await askJson(engine.socket, '/containers/shop-api-1/json');
  const id = String(dig(byName, 'Id'));
  assert.deepEqual(await askJson(engine.socket, `/containers/${id}/json`), byName);
  assert.deepEqual(await askJson(engine.socket, `/containers/${id.slice(0, 12)}/json`), byName);
  assert.equal(dig(byName, 'HostConfig', 'NanoCpus'), 2e9);
  assert.equal(dig(byName, 'HostConfig', 'PidsLimit'), 200);
  assert.equal(dig(byName, 'State', 'Health', 'Status'), 'healthy');
  const paused = await askJson(engine.socket, '/containers/staging-web/json');
  assert.deepEqual([dig(paused, 'State', 'Running'), dig(paused, 'State', 'Paused')], [true, true]);
});

test('stats of cgroup v2: small letters, no percpu_usage, an unlimited pids limit beyond 2^53', async () => {
  await using engine = await startSimulatedEngine({ now, scenario: 'demo' });
  const { text } = await ask(engine.socket, `/containers/shop-db-1/${oneShot}`);
  assert.match(text, /"pids_stats":\{"current":\d+,"limit":18446744073709551615\}/);
  const stats: unknown = JSON.parse(text);
  assert.equal(dig(stats, 'read'), '2026-11-23T12:00:00Z');
  assert.equal(dig(stats, 'preread'), '0001-01-01T00:00:00Z');
  assert.equal(dig(stats, 'blkio_stats', 'io_service_bytes_recursive', 0, 'op'), 'read');
  assert.equal(dig(stats, 'cpu_stats', 'cpu_usage', 'percpu_usage'), undefined);
  assert.equal(dig(stats, 'memory_stats', 'limit'), 2 ** 30);
  assert.deepEqual(Object.keys(Object(dig(stats, 'networks'))), ['eth0']);
});

test('stats of cgroup v1: percpu_usage, capitals, total_ keys, max_usage', async () => {
  await using engine = await startSimulatedEngine({ now, scenario: 'demo', cgroup: 1, apiVersion: '1.41' });
  const stats = await askJson(engine.socket, `/containers/shop-db-1/${oneShot}`);
  const perCpu = Object.values(Object(dig(stats, 'cpu_stats', 'cpu_usage', 'percpu_usage'))).map(Number);
  const total = perCpu.reduce((sum, value) => sum + value, 0);
  assert.equal(dig(stats, 'cpu_stats', 'cpu_usage', 'total_usage'), total);
  assert.equal(dig(stats, 'blkio_stats', 'io_serviced_recursive', 5, 'op'), 'Total');
  assert.equal(typeof dig(stats, 'memory_stats', 'stats', 'total_inactive_file'), 'number');
  assert.equal(typeof dig(stats, 'memory_stats', 'max_usage'), 'number');
  assert.equal(dig(await askJson(engine.socket, '/info'), 'CgroupVersion'), '1');
});

test('a container that does not run answers 200 with zeros at once', async () => {
  await using engine = await startSimulatedEngine({ now, scenario: 'demo', tickMillis: 60_000 });
  const stats = await askJson(engine.socket, '/containers/db-migration/stats?stream=false');
  assert.equal(dig(stats, 'cpu_stats', 'cpu_usage', 'total_usage'), 0);
  assert.equal(dig(stats, 'networks'), undefined);
  assert.deepEqual(dig(stats, 'memory_stats'), {});
});

test('two samples are a second apart and take two ticks', async () => {
  await using engine = await startSimulatedEngine({ now, scenario: 'demo', tickMillis: 20 });
  const stats = await askJson(engine.socket, '/containers/shop-db-1/stats?stream=false');
  assert.equal(dig(stats, 'preread'), '2026-11-23T11:59:59Z');
  const [before, after] = ['precpu_stats', 'cpu_stats'].map((key) =>
    Number(dig(stats, key, 'cpu_usage', 'total_usage')),
  );
  assert.ok(before !== undefined && after !== undefined && before > 0 && after > before);
  assert.equal(
    Number(dig(stats, 'cpu_stats', 'system_cpu_usage')) -
      Number(dig(stats, 'precpu_stats', 'system_cpu_usage')),
    8e9,
  );
});

test("network modes: host has no interfaces, container: shows the other one's", async () => {
  const specs = [
    { name: 'web' },
    { name: 'on-host', networks: ['host'] },
    { name: 'side', networks: ['container:web'] },
  ];
  await using engine = await startSimulatedEngine({ now, specs });
  const networks = async (name: string): Promise<unknown> =>
    dig(await askJson(engine.socket, `/containers/${name}/${oneShot}`), 'networks');
  assert.equal(await networks('on-host'), undefined);
  assert.deepEqual(await networks('side'), await networks('web'));
});

test('the same seed and clock give the same bytes; another seed others', async () => {
  const bytes = async (seed: number): Promise<string> => {
    await using engine = await startSimulatedEngine({ now, seed, scenario: 'demo', containers: 5 });
    const list = await ask(engine.socket, '/containers/json?all=1');
    const stats = await ask(engine.socket, `/containers/ordinary-00003/${oneShot}`);
    return list.text + stats.text;
  };
  assert.equal(await bytes(7), await bytes(7));
  assert.notEqual(await bytes(7), await bytes(8));
});

test('hostile names and labels come out as valid JSON, unchanged', async () => {
  await using engine = await startSimulatedEngine({ now, hostile: true });
  const list = await askJson(engine.socket, '/containers/json?all=1');
  const labels = Object.values(Object(list)).find((item) => dig(item, 'Names', 0) === '/hostile-labels');
  assert.equal(String(dig(labels, 'Labels', 'huge')).length, 65_536);
  assert.equal(dig(labels, 'Labels', 'nul'), 'before\u0000after\u0007\u001b[31m');
  for (const item of Object.values(Object(list))) {
    const reply = await ask(engine.socket, `/containers/${String(dig(item, 'Id'))}/${oneShot}`);
    assert.equal(dig(JSON.parse(reply.text), 'name'), dig(item, 'Names', 0));
  }
});
