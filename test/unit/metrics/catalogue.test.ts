import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileNames } from '../../../src/config/settings/names.ts';
import { absencesOf } from '../../../src/metrics/absence.ts';
import { catalogueOf, profiles, wholeCatalogue, type ProfileName } from '../../../src/metrics/catalogue.ts';
import { presetAttributes } from '../../../src/attributes/presets.ts';
import { metricRows, metricsMarkdown, metricsTable } from '../../../src/metrics/listing.ts';
import type { DiskUsageReport } from '../../../src/model/disk-usage.ts';
import type { RuntimeDescription } from '../../../src/model/runtime.ts';
import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import { countedEvents } from './counted-events.ts';
import { optionalUsage } from './optional-usage.ts';
import { kernelMeasured } from './kernel-measured.ts';
import { captures, recordedContainers } from '../../support/wire/recorded-cases.ts';
import {
  runtime,
  runtimeSnapshot,
  identity,
  observationsOf,
  recordedAnswers,
  semconv,
  snapshotFrom,
  snapshotWith,
} from './observed.ts';

const names: readonly ProfileName[] = ['semconv', 'docker_exporter'];

/** A runtime's description without an absent part. */
const wholeRuntime: RuntimeDescription = {
  ...runtime,
  apiVersion: '1.56',
  osType: 'linux',
  cgroupDriver: 'systemd',
  cgroupVersion: 2,
  storageDriver: 'overlay2',
  images: 3,
  clockOffsetMillis: 0,
};

const diskUsage: DiskUsageReport = {
  usage: { image: { totalBytes: 2, reclaimableBytes: 1 } },
  measuredAt: 3000,
  seconds: 1,
  failures: new Map([['timeout', 1]]),
  since: 1000,
};

const filesystem = { device: '/dev/sda', capacityBytes: 9, availableBytes: 5, inodes: 4, freeInodes: 2 };

/**
 * Every recorded container by the runtime, and some by the kernel; once with every preset, a digest, a health and a
 * failure besides, and once with swap.
 */
function recordedSnapshots(): ContainerSnapshot[] {
  const recorded = captures.flatMap((capture) =>
    recordedContainers(capture).map((name) =>
      snapshotFrom(recordedAnswers(capture, name, name !== 'oom_exited')),
    ),
  );
  const [first] = recorded;
  assert.ok(first);
  const resource = Object.fromEntries(presetAttributes.map((attribute) => [attribute, 'x']));
  const image = { ...first.identity.image, repoDigests: ['busybox@sha256:1'] };
  const special = {
    ...first,
    identity: { ...first.identity, image, mapped: { resource, point: {} } },
    state: { ...first.state, health: 'healthy' as const },
    failures: 3,
    sharedNetwork: { ownerId: 'f'.repeat(64), isCountedHere: true },
    filesystem: { usageBytes: 1, filesystem },
    events: countedEvents(),
  };
  const swapping = {
    ...first,
    sample: { takenAt: 1, windows: false, memory: { stats: { total_swap: 4096 } }, ...optionalUsage },
  };
  const measured = captures.flatMap((capture) =>
    ['oom_killed', 'cpu_throttled'].map((name) => kernelMeasured(capture, name)),
  );
  return [...recorded, ...measured, special, swapping];
}

test('names are unique, described, and in units that UCUM and OpenTelemetry have', () => {
  for (const profile of profileNames) {
    const { containers, runtime } = wholeCatalogue([profile]);
    const all = [...containers, ...runtime];
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { name, unit, description, kind, literal } of all) {
      assert.match(
        name,
        literal
          ? /^(cadvisor|container|docker|machine)_[a-z0-9_]+$/
          : /^(container|tidegauge)(\.[a-z][a-z0-9_]*)+$/,
      );
      assert.match(
        unit,
        profile === 'docker_stats' ? /^(|1|[mn]?s|By|\{[a-z]+\})$/ : /^(|1|s|By|\{[a-z]+\})$/,
        name,
      );
      // The receiver's own descriptions are what its cases compare.
      if (profile !== 'docker_stats') assert.match(description, /^[A-Z0-9].*[^.]$/, name);
      if (kind === 'counter') assert.ok(unit !== '' || literal, name);
    }
  }
});

test('recorded: attributes list exactly the keys that are observed', () => {
  const snapshots = recordedSnapshots();
  for (const instrument of wholeCatalogue(names).containers) {
    const observed = snapshots.flatMap((snapshot) => observationsOf(instrument, snapshot));
    const keys = new Set(observed.flatMap(({ attributes }) => Object.keys(attributes)));
    assert.ok(observed.length > 0, `${instrument.name} is never observed`);
    assert.deepEqual([...keys].sort(), instrument.attributes.toSorted(), instrument.name);
  }
});

test('engine: attributes list exactly the keys that are observed', () => {
  const lacking = snapshotWith({ sample: { takenAt: 1, windows: false } });
  const entity = runtimeSnapshot({
    runtime: wholeRuntime,
    containers: [lacking],
    containerCount: 1,
    containersByStatus: new Map([['running', 1]]),
    lastSuccess: 4000,
    diskUsage,
    unselectedCount: 0,
    droppedAttributes: { too_many_values: 0, name_taken: 1, name_repeated: 0, name_invalid: 0 },
    imageEvents: {
      since: 1000,
      images: new Map([
        ['web', countedEvents()],
        [undefined, countedEvents()],
      ]),
    },
  });
  for (const instrument of catalogueOf(names).runtime) {
    const observed = observationsOf(instrument, entity);
    const keys = new Set(observed.flatMap(({ attributes }) => Object.keys(attributes)));
    assert.ok(observed.length > 0, `${instrument.name} is never observed`);
    assert.deepEqual([...keys].sort(), instrument.attributes.toSorted(), instrument.name);
  }
});

test('recorded: counters have a start, everything else has none; all values are finite', () => {
  for (const snapshot of recordedSnapshots()) {
    for (const instrument of wholeCatalogue(names).containers) {
      for (const { value, startedAt } of observationsOf(instrument, snapshot)) {
        assert.ok(Number.isFinite(value) && value >= 0, instrument.name);
        assert.equal(startedAt !== undefined, instrument.kind === 'counter', instrument.name);
      }
    }
  }
});

test('counters begin with their group: an interface’s with that interface', () => {
  const groups: string[] = [];
  const starts = { of: (group: string) => groups.push(group) };
  const networks = [{ name: 'eth0', receivedBytes: 1 }];
  const sample = { takenAt: 1, windows: false, networks, cpu: { totalNanos: 1 } };
  for (const instrument of catalogueOf(['semconv']).containers) {
    observationsOf(instrument, snapshotWith({ sample, starts }));
  }
  assert.ok(groups.includes('network eth0') && groups.includes('cpu'));
});

test('recorded: of a container that ended there is identity and state, and no usage', () => {
  for (const capture of captures) {
    const found = semconv(snapshotFrom(recordedAnswers(capture, 'oom_exited', false)));
    const kept = new Set([...found.keys()].map((key) => key.replace(/\{.*/, '')));
    const state = ['container.status.state', 'container.restarts.current', 'container.exit_code'];
    assert.deepEqual(
      [...kept].sort(),
      [
        ...state,
        'container.info',
        'container.memory.limit.current',
        'container.oom_killed',
        'container.start_time',
      ].sort(),
    );
    assert.equal(found.get('container.exit_code'), 137);
    assert.equal(found.get('container.status.state{"container.status.state":"exited"}'), 1);
    assert.equal(found.get('container.status.state{"container.status.state":"running"}'), 0);
  }
});

test('recorded: limits and what is left of them; nothing where no limit is set', () => {
  const limited = semconv(snapshotFrom(recordedAnswers('cgroup_v2', 'cpu_throttled')));
  assert.equal(limited.get('container.memory.limit.current'), 67108864);
  assert.equal(limited.get('container.memory.available'), 67108864 - 20643840);
  assert.equal(limited.get('container.memory.limit.utilization'), 20643840 / 67108864);
  assert.equal(limited.get('container.pids.limit.current'), 50);
  const share = limited.get('container.cpu.limit.utilization');
  assert.ok(share && share > 0.8 && share < 1.2, `${share}`);
  assert.equal(limited.get('container.cpu.throttling.throttled_time'), 28.382038);
  const free = [...semconv(snapshotFrom(recordedAnswers('cgroup_v2', 'idle'))).keys()];
  assert.deepEqual(
    free.filter((key) => /limit|available|reservation|network|disk/.test(key)),
    [],
  );
});

test('recorded: why a figure is not there', () => {
  const reasons = (name: string) => absencesOf(snapshotFrom(recordedAnswers('cgroup_v2', name)));
  assert.deepEqual(reasons('idle'), ['no-own-network', 'no-block-io']);
  assert.deepEqual(reasons('io_writer'), ['no-disk-operations']);
  assert.deepEqual(absencesOf(snapshotWith()), []);
  const networks = [{ name: 'eth0' }];
  const off = { takenAt: 1, windows: false, cpu: { totalNanos: 1 }, pids: { current: 1 }, networks };
  assert.deepEqual(absencesOf(snapshotWith({ sample: off })), ['no-memory', 'no-block-io']);
  const podman = { ...off, memory: { usage: 5, stats: {} } };
  assert.deepEqual(absencesOf(snapshotWith({ sample: podman })), ['no-working-set', 'no-block-io']);
  const uncounted = { ...off, pids: { limit: 5 } };
  assert.deepEqual(absencesOf(snapshotWith({ sample: uncounted })), ['no-memory', 'no-pids', 'no-block-io']);
  const windows = { ...uncounted, windows: true };
  assert.deepEqual(absencesOf(snapshotWith({ sample: windows })), ['no-memory', 'no-block-io']);
  const bare = { takenAt: 1, windows: false, networks };
  for (const sample of [{}, { sample: bare }])
    assert.deepEqual(absencesOf(snapshotWith({ ...sample, givesNoUsage: true })), ['no-usage']);
});

test('a runtime that is away is down, and nothing else is known of it but its age', () => {
  const away = runtimeSnapshot({ lastSuccess: 4000 });
  const found = catalogueOf(names).runtime.flatMap((instrument) =>
    observationsOf(instrument, away).map(({ value }) => [instrument.name, value]),
  );
  assert.deepEqual(found, [
    ['docker_probe_successfully_completed_time', 4],
    ['tidegauge.runtime.up', 0],
    ['tidegauge.probe.last_success_time', 4],
    ['tidegauge.snapshot.age', 6],
  ]);
});

test('a clock that was set back makes no figure negative', () => {
  const back = runtimeSnapshot({ lastSuccess: 20_000, now: 10_000, containerCount: 0 });
  const values = catalogueOf(names).runtime.flatMap((instrument) => observationsOf(instrument, back));
  assert.ok(values.every(({ value }) => value >= 0));
  const future = snapshotWith({ state: { status: 'running', startedAt: 9000 }, stateAt: 5000 });
  assert.equal(semconv(future).get('container.uptime'), undefined);
});

test('failures are counted once there is one', () => {
  const failing = semconv(snapshotWith({ failures: 2, identity }));
  assert.equal(failing.get('tidegauge.container.probe.failures'), 2);
  assert.equal(semconv(snapshotWith()).has('tidegauge.container.probe.failures'), false);
});

test('the tables show every metric of the chosen profiles', () => {
  const rows = metricRows(wholeCatalogue(names));
  const count = profiles.semconv.containers.length + profiles.docker_exporter.containers.length + 2 + 1 + 17;
  assert.equal(rows.length, count);
  assert.equal(metricsTable(rows).trimEnd().split('\n').length, count + 1);
  assert.equal(metricsMarkdown(rows).trimEnd().split('\n').length, count + 2);
  assert.match(
    metricsMarkdown(rows),
    /\| `container\.cpu\.time` \| `\w+` \| counter \| `s` \| `cpu\.mode` \|/,
  );
});
