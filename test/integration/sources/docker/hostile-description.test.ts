import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../../src/clock.ts';
import { catalogueOf } from '../../../../src/metrics/catalogue.ts';
import { AttributeCache } from '../../../../src/model/instrument.ts';
import type { RuntimeSnapshot } from '../../../../src/model/snapshot.ts';
import { DockerSource } from '../../../../src/sources/docker/docker-source.ts';
import { TrackerSet } from '../../../../src/tracker/tracker-set.ts';
import { startHostileEngine } from '../../../support/fakes/hostile-engine.ts';
import { KeptLog, ObservedProbes } from '../../../support/fakes/observed-probes.ts';
import { recordedJson } from '../../../support/wire/recorded-cases.ts';

const minute = 60_000;
const id = 'a'.repeat(64);
const capture = 'cgroup_v1/idle';
const answers = new Map([
  [
    '/containers/json',
    [{ Id: id, Names: ['/idle'], Image: 'busybox:1', State: 'running', Status: 'Up 5 minutes' }],
  ],
  [`/containers/${id}/json`, recordedJson(`${capture}/inspect.json`)],
  [`/containers/${id}/stats`, recordedJson(`${capture}/running_stats.json`)],
]);

function asNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

/** Bodies of `/info` and `/version`, and their header `Date`. */
interface Description {
  readonly info: string;
  readonly version: string;
  readonly date?: string;
}

/** An engine with one running container, after two probes. */
async function measured({ info, version, date }: Description): Promise<RuntimeSnapshot> {
  await using engine = await startHostileEngine(({ url = '' }, response) => {
    const path = url.replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '');
    if (date !== undefined) response.setHeader('date', date);
    if (path === '/info' || path === '/version') return response.end(path === '/info' ? info : version);
    const answer = answers.get(path);
    return response.writeHead(answer ? 200 : 404).end(JSON.stringify(answer, asNumber));
  });
  const source = new DockerSource({
    endpoint: { url: engine.url },
    callTimeoutMillis: minute,
    now: () => Date.now(),
  });
  const set = new TrackerSet({
    source,
    observer: new ObservedProbes(),
    clock: systemClock,
    log: new KeptLog(),
    minProbeIntervalMillis: 1,
    probeTimeoutMillis: minute,
  });
  for (const _probe of [1, 2]) await set.update(minute);
  const snapshot = set.snapshot();
  set.close();
  return snapshot;
}

const names = ['semconv', 'cadvisor', 'docker_stats', 'docker_exporter'] as const;
const catalogues = names.map((name) => catalogueOf([name]));

/** Everything that is observed of the runtime and its containers in any profile. */
function observed(snapshot: RuntimeSnapshot): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  const take =
    (name: string) =>
    (value: number, attributes: object = {}, startedAt = 0) => {
      const what = `${name} ${JSON.stringify(attributes)}`;
      assert.ok(Number.isFinite(value), `${what} is ${value}`);
      assert.ok(Number.isFinite(startedAt), `${what} began at ${startedAt}`);
      assert.ok(what.length < 10_000, `${name} has long attributes`);
      values.set(name, value);
    };
  for (const { runtime, containers } of catalogues) {
    for (const each of runtime) each.observe(snapshot, take(each.name), new AttributeCache());
    for (const each of containers)
      for (const container of snapshot.containers)
        each.observe(container, take(each.name), new AttributeCache());
  }
  return values;
}

/** The container is measured, and nothing is exported that the description does not give. */
async function expectMeasured(what: string, description: Description): Promise<RuntimeSnapshot> {
  const snapshot = await measured(description);
  assert.equal(snapshot.containerCount, 1, `${what}: the runtime is measured`);
  const values = observed(snapshot);
  assert.ok(values.has('container.cpu.time'), `${what}: the container is measured`);
  assert.ok(!values.has('container.runtime.images'), what);
  assert.equal(snapshot.runtime.hostName, undefined, what);
  assert.equal(snapshot.runtime.runtimeName, 'docker', what);
  return snapshot;
}

const infoKeys =
  `ID Name OSType Architecture CgroupVersion CgroupDriver Driver Images NCPU MemTotal SystemTime Warnings
  ServerVersion`.split(/\s+/);
const versionKeys = 'Version ApiVersion MinAPIVersion Os Arch Components'.split(' ');

function every(keys: readonly string[], value: string): string {
  return `{${keys.map((key) => `"${key}":${value}`).join(',')}}`;
}

function nested(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

/** JSON of wrong types, absurd numbers and odd objects, for each field. */
const wrongValues = [
  'null true false [] {} "" -1 0.5 -0.5 1e400 -1e400 1e300 9007199254740993 -9223372036854775809'.split(' '),
  ['[null]', '[{}]', '[[["x"]]]', '{"__proto__":{"Name":"Podman Engine"}}', nested(40)],
  [`"${'x'.repeat(100_000)}"`, `[${'1,'.repeat(500)}1]`],
].flat();

for (const value of wrongValues) {
  test(`every field of /info and /version is ${value.slice(0, 40)}`, async () => {
    const description = { info: every(infoKeys, value), version: every(versionKeys, value) };
    const { runtime } = await expectMeasured(value, description);
    const { apiVersion, cpus, memoryBytes, clockOffsetMillis = 0 } = runtime;
    assert.deepEqual([apiVersion, cpus, memoryBytes], [undefined, undefined, undefined]);
    assert.equal(clockOffsetMillis, 0);
  });
}

/** Bodies that are no description at all. */
const wrongBodies = [
  '',
  'NaN',
  'null',
  '[]',
  '7',
  '"text"',
  '<html></html>',
  '{',
  '{}',
  '{"Name":',
  every(infoKeys, 'NaN'),
  every(infoKeys, 'Infinity'),
  '{"__proto__":{"Name":"stolen","Images":7,"NCPU":7}}',
  '{"constructor":{"prototype":{"Name":"stolen","Images":7}}}',
  nested(10_000),
  nested(200_000),
  `{"Name":"${'x'.repeat(2 * 1024 * 1024)}"}`,
  `{"Images":${'9'.repeat(100_000)}}`,
];

for (const body of wrongBodies) {
  test(`/info and /version are ${body.slice(0, 50) || 'empty'}, ${body.length} characters`, async () => {
    await expectMeasured(body.slice(0, 50), { info: body, version: body });
  });
}

for (const date of ['NaN', '1', 'tomorrow', '2026-11-25', 'Thu, 99 Foo 2026 99:99:99 GMT']) {
  test(`a header Date of ${date} is no time`, async () => {
    const { runtime } = await expectMeasured(date, { info: '{}', version: '{}', date });
    assert.equal(runtime.clockOffsetMillis, undefined);
  });
}

test('texts that say they are not a number are no numbers, and are shown as texts', async () => {
  const { runtime, ...rest } = await measured({
    info: every(infoKeys, '"NaN"'),
    version: every(versionKeys, '"NaN"'),
  });
  assert.ok(observed({ runtime, ...rest }).has('container.cpu.time'));
  assert.equal(runtime.hostName, 'NaN');
  const { apiVersion, cpus, memoryBytes, images, cgroupVersion } = runtime;
  assert.deepEqual(
    { apiVersion, cpus, memoryBytes, images, cgroupVersion },
    {
      apiVersion: undefined,
      cpus: undefined,
      memoryBytes: undefined,
      images: undefined,
      cgroupVersion: undefined,
    },
  );
});

test('a clock at either end of time leaves all finite', async () => {
  for (const time of ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00.001Z', '9999-12-31T23:59:59Z']) {
    const snapshot = await measured({ info: JSON.stringify({ SystemTime: time, Name: 'h' }), version: '{}' });
    assert.ok(observed(snapshot).has('container.cpu.time'), time);
  }
});
