import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEngine, negotiateVersion } from '../../../../src/sources/docker/engine.ts';
import { parseInspect } from '../../../../src/sources/docker/inspect.ts';
import { ContainerListReader } from '../../../../src/sources/docker/list.ts';
import {
  captures,
  recordedContainers,
  recordedJson,
  recordedText,
  listedFrom,
} from '../../../support/wire/recorded-cases.ts';

test('the list: every container with its name, state and no health', () => {
  for (const capture of captures) {
    const listed = listedFrom(recordedJson(`${capture}/engine/containers.json`));
    const names = recordedContainers(capture).filter((name) => name !== 'io_writer_not_counted');
    assert.deepEqual(listed.map(({ name }) => name).sort(), names.sort(), capture);
    for (const { id, name, status, revision, health } of listed) {
      assert.match(id, /^[0-9a-f]{64}$/);
      assert.equal(status, name === 'oom_exited' ? 'exited' : 'running');
      assert.match(revision, name === 'oom_exited' ? /^Exited \(137\)/ : /^Up/);
      // API 1.56 has "none" where older engines have no key.
      assert.equal(health, undefined);
    }
  }
});

test('inspect: identity, limits and state as the container was made', () => {
  for (const capture of captures) {
    const { identity, state, limits, network } = parseInspect(
      'the-id-asked-for',
      recordedJson(`${capture}/cpu_throttled/inspect.json`),
    );
    assert.equal(identity.id, 'the-id-asked-for');
    assert.equal(identity.name, 'cpu_throttled');
    assert.deepEqual(identity.labels, { 'com.example.tier': 'backend' });
    assert.ok(identity.environment.includes('COLOUR=blue'));
    assert.equal(identity.command[0], '/bin/sh');
    assert.equal(identity.command[1], '-c');
    assert.deepEqual(network, {});
    assert.deepEqual(identity.image.tags, ['1']);
    assert.equal(identity.image.name, 'busybox');
    assert.match(identity.image.id ?? '', /^sha256:[0-9a-f]{64}$/);
    const { memorySwapBytes, ...others } = limits;
    assert.deepEqual(others, { cpus: 0.2, nanoCpus: 2e8, memoryBytes: 64 * 1024 * 1024, pids: 50 });
    // -1 where the host cannot limit swap.
    const isSwapLimited = !recordedText(`${capture}/cpu_throttled/inspect.json`).includes('"MemorySwap":-1');
    assert.equal(memorySwapBytes, isSwapLimited ? 128 * 1024 * 1024 : undefined);
    assert.equal(state.status, 'running');
    assert.equal(state.restartCount, 0);
    assert.equal(state.exitCode, undefined);
    assert.equal(state.finishedAt, undefined);
    assert.equal(new Date(state.startedAt ?? 0).getUTCFullYear(), 2026);
  }
});

test('inspect: shares and reservation; nothing where nothing is set', () => {
  for (const capture of captures) {
    const limitsOf = (name: string) =>
      parseInspect('x', recordedJson(`${capture}/${name}/inspect.json`)).limits;
    assert.deepEqual(limitsOf('io_writer'), { cpuShares: 512, memoryReservationBytes: 32 * 1024 * 1024 });
    assert.deepEqual(limitsOf('idle'), {});
  }
});

test('inspect: the one that was killed ended with 137; what its engine says of the kill is kept', () => {
  for (const capture of captures) {
    const stateOf = (name: string) =>
      parseInspect('x', recordedJson(`${capture}/${name}/inspect.json`)).state;
    const exited = stateOf('oom_exited');
    assert.deepEqual([exited.status, exited.exitCode, exited.oomKilled], ['exited', 137, true]);
    assert.ok(exited.finishedAt && exited.startedAt && exited.finishedAt >= exited.startedAt);
    assert.equal(stateOf('oom_killed').oomKilled, capture === 'cgroup_v2_api_1.56');
  }
});

test('the engine and its host', () => {
  for (const capture of captures) {
    const version = recordedJson(`${capture}/engine/version.json`);
    const info = recordedJson(`${capture}/engine/info.json`);
    const apiVersion = negotiateVersion(version);
    assert.equal(apiVersion, capture === 'cgroup_v2_api_1.56' ? '1.56' : '1.41');
    const { warnings, memoryBytes, hostId, images, operatingSystem, kernelVersion, ...rest } = describeEngine(
      {
        name: 'x',
        version,
        info,
        apiVersion,
      },
    );
    assert.deepEqual(rest, {
      name: 'x',
      runtimeName: 'docker',
      runtimeVersion: capture === 'cgroup_v2_api_1.56' ? 'library-import' : '20.10.24+dfsg1',
      apiVersion,
      hostName: 'docker-host',
      osType: 'linux',
      architecture: 'x86_64',
      cgroupVersion: capture === 'cgroup_v1' ? 1 : 2,
      cgroupDriver: capture === 'cgroup_v2_systemd' ? 'systemd' : 'cgroupfs',
      storageDriver: 'overlay2',
      storageDirectory: '/var/lib/docker',
      cpus: 2,
    });
    assert.equal(images, Object(info).Images);
    assert.ok(hostId);
    assert.equal(operatingSystem, Object(info).OperatingSystem);
    assert.equal(kernelVersion, Object(info).KernelVersion);
    assert.ok(memoryBytes && memoryBytes > 2e9);
    assert.equal(warnings.length > 0, capture !== 'cgroup_v1');
  }
});

test('an engine that gives nothing has a name, and is not called anything else', () => {
  const described = describeEngine({ name: 'x', version: undefined, info: undefined, apiVersion: undefined });
  assert.deepEqual(described, { name: 'x', runtimeName: 'docker', warnings: [] });
  const podman = { Version: '4.3.1', ApiVersion: '1.41', Components: [{ Name: 'Podman Engine' }] };
  const { runtimeName, hostId } = describeEngine({
    name: 'x',
    version: podman,
    info: { ID: '8652adbb-b258-435b-8d32-168a137f7d0b' },
    apiVersion: '1.41',
  });
  assert.equal(runtimeName, 'podman');
  assert.equal(hostId, undefined, 'another one in each answer');
});

test('the version to speak', () => {
  const speak = (ApiVersion?: unknown, MinAPIVersion?: unknown) =>
    negotiateVersion({ ApiVersion, MinAPIVersion });
  assert.equal(speak('1.40', '1.12'), '1.40');
  assert.equal(speak('1.56', '1.40'), '1.56');
  assert.equal(speak('1.60', '1.44'), '1.56');
  assert.equal(speak('1.99', '1.70'), '1.99');
  assert.equal(speak('1.24'), '1.24');
  for (const nonsense of [undefined, null, 1.41, '', 'latest', '1', '1.41/../..', ['1.41']])
    assert.equal(speak(nonsense), undefined);
  assert.equal(negotiateVersion('<html>'), undefined);
});

test('health: from its field, else from the text; the field of inspect by either engine', () => {
  const healthOf = (item: object) => listedFrom([{ Id: 'a1', ...item }])[0]?.health;
  assert.equal(healthOf({ Status: 'Up 2 hours (unhealthy)' }), 'unhealthy');
  assert.equal(healthOf({ Status: 'Up 2 seconds (health: starting)' }), 'starting');
  assert.equal(healthOf({ Status: 'Up 2 hours (Paused)' }), undefined);
  assert.equal(healthOf({ Status: 'Up 1 hour', Health: { Status: 'healthy' } }), 'healthy');
  assert.equal(healthOf({ Status: 'Up 1 hour', Health: { Status: 'Unhealthy' } }), 'unhealthy');
  for (const key of ['Health', 'Healthcheck'])
    assert.equal(parseInspect('x', { State: { [key]: { Status: 'healthy' } } }).state.health, 'healthy');
});

test('names: the first without its slash, else the full id', () => {
  const nameOf = (Names: unknown) => listedFrom([{ Id: 'abc', Names }])[0]?.name;
  assert.equal(nameOf(['/web', '/proxy/web']), 'web');
  assert.equal(nameOf(['web']), 'web');
  for (const none of [undefined, null, [], [''], ['/'], [7], 'web', {}]) assert.equal(nameOf(none), 'abc');
});

test('items without an id, or with one that is none, are refused; the others are listed', () => {
  const ids = ['a1', '', null, 7, '../../info', 'a b', 'x\r\nHost: y', '\ud800', 'c1'].map((Id) => ({ Id }));
  const reader = new ContainerListReader();
  for (const item of [...ids, null, 'text', [], { Names: ['/web'] }])
    reader.take({ text: JSON.stringify(item) });
  reader.take({ text: '{"Id":"d1","SizeRw":NaN}' });
  const { listed, refused } = reader.end();
  assert.deepEqual(
    listed.map(({ id }) => id),
    ['a1', 'c1'],
  );
  assert.equal(refused.length, 12);
  assert.ok(refused.every(({ reason }) => reason === 'malformed'));
  assert.equal(refused.at(-2)?.name, 'web');
});

test('a list of which nothing is JSON is an error', () => {
  const reader = new ContainerListReader();
  reader.take({ text: 'garbage' });
  assert.throws(() => reader.end(), { name: 'SourceError', code: 'bad-response' });
});

test('an exit code is there once the container has ended or its start has failed, and only then', () => {
  const exitCodeOf = (State: object) =>
    parseInspect('x', { State: { ExitCode: 3, ...State } }).state.exitCode;
  const finished = { FinishedAt: '2026-01-01T00:00:00Z', StartedAt: '2026-01-01T01:00:00Z' };
  assert.equal(exitCodeOf({ Status: 'exited', ...finished }), 3);
  assert.equal(exitCodeOf({ Status: 'dead' }), 3);
  assert.equal(exitCodeOf({ Status: 'restarting', ...finished }), 3);
  const never = { StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' };
  assert.equal(exitCodeOf({ Status: 'created', ExitCode: 0, ...never }), undefined);
  for (const ExitCode of [126, 127, 128])
    assert.equal(exitCodeOf({ Status: 'created', ExitCode, Error: 'no such file', ...never }), ExitCode);
  for (const Status of ['running', 'paused']) assert.equal(exitCodeOf({ Status, ...finished }), undefined);
});

test('CPU limit: --cpus before quota by period; nothing by 0, −1 or nonsense', () => {
  const cpusOf = (HostConfig: object) => parseInspect('x', { HostConfig }).limits.cpus;
  assert.equal(cpusOf({ NanoCpus: 1_500_000_000, CpuQuota: 1, CpuPeriod: 2 }), 1.5);
  assert.equal(cpusOf({ CpuQuota: 50_000 }), 0.5);
  assert.equal(cpusOf({ CpuQuota: 50_000, CpuPeriod: 25_000 }), 2);
  for (const CpuQuota of [0, -1, null, '5', 1.5, 2n ** 63n]) assert.equal(cpusOf({ CpuQuota }), undefined);
});

test('health is that of what runs: an engine calls stopped and paused containers unhealthy', () => {
  const stateOf = (file: string) =>
    parseInspect('x', recordedJson(`reports/health_of_stopped/${file}`)).state;
  const states = [1, 2, 3, 4].map((number) => stateOf(`container${number}.json`));
  assert.deepEqual(
    states.map(({ status, health }) => [status, health]),
    [
      ['exited', undefined],
      ['paused', undefined],
      ['running', 'healthy'],
      ['running', 'unhealthy'],
    ],
  );
  const item = { Id: 'a', Health: { Status: 'unhealthy' }, Status: 'Up 2 hours (unhealthy)' };
  const healthIn = (state: string) => listedFrom([{ ...item, State: state }])[0]?.health;
  assert.deepEqual(['running', 'paused', 'exited', 'dead'].map(healthIn), [
    'unhealthy',
    undefined,
    undefined,
    undefined,
  ]);
});

test('a pid is that of what runs', () => {
  const pidIn = (status: string) => parseInspect('x', { State: { Status: status, Pid: 42 } }).pid;
  assert.deepEqual(['running', 'paused', 'exited', 'dead', 'created', 'restarting'].map(pidIn), [
    42,
    42,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('the name of a container that others link to is its own, in whatever order they come', () => {
  const [linked] = listedFrom(recordedJson('reports/linked_names/containers.json'));
  assert.equal(linked?.name, 'downloader');
  const nameOf = (...names: readonly unknown[]) => listedFrom([{ Id: 'a', Names: names }])[0]?.name;
  assert.equal(nameOf('/web/db', '/db'), 'db');
  assert.equal(nameOf('/db', '/web/db'), 'db');
  assert.equal(nameOf('db'), 'db');
  assert.equal(nameOf('/web/db'), 'web/db');
  assert.equal(nameOf('/', ' ', 7), 'a');
  assert.equal(nameOf(), 'a');
});

test('layers that containerd keeps are in its own directory, or in the engine’s where the engine runs it', () => {
  const directoryOf = (info: object) =>
    describeEngine({ name: 'x', version: undefined, info, apiVersion: undefined }).storageDirectory;
  const DriverStatus = [['driver-type', 'io.containerd.snapshotter.v1']];
  const own = { DockerRootDir: '/data/docker' };
  const addressed = (Address: string) => ({ ...own, DriverStatus, Containerd: { Address } });
  assert.equal(directoryOf(own), '/data/docker');
  assert.equal(directoryOf(addressed('/run/containerd/containerd.sock')), '/var/lib/containerd');
  assert.equal(directoryOf(addressed('/var/run/docker/containerd/containerd.sock')), '/data/docker');
  for (const DockerRootDir of [undefined, '', 'C:\\ProgramData\\docker', 7])
    assert.equal(directoryOf({ DockerRootDir }), undefined);
});
