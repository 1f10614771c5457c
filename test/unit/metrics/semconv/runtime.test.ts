import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskUsageInstruments } from '../../../../src/metrics/runtime.ts';
import { semconvRuntime } from '../../../../src/metrics/semconv/lifecycle.ts';
import type { RuntimeSnapshot } from '../../../../src/model/snapshot.ts';
import { describeEngine } from '../../../../src/sources/docker/engine.ts';
import { needsPeerCases, recordedJson } from '../../../support/wire/recorded-cases.ts';
import { runtime, runtimeSnapshot, observationsOf } from '../observed.ts';

function values(snapshot: RuntimeSnapshot): Record<string, number> {
  const found = [...semconvRuntime, ...diskUsageInstruments].flatMap((instrument) =>
    observationsOf(instrument, snapshot).map(({ value, attributes }) => {
      const { 'container.runtime.endpoint': name, ...others } = attributes;
      assert.equal(name, runtime.name);
      return [
        `${instrument.name}${Object.values(others).length > 0 ? JSON.stringify(others) : ''}`,
        value,
      ] as const;
    }),
  );
  return Object.fromEntries(found);
}

const report = {
  usage: { image: { totalBytes: 9, reclaimableBytes: 4 }, volume: { totalBytes: 0 } },
  measuredAt: 4000,
  seconds: 2.5,
  failures: new Map([['timeout', 3]]),
  since: 1000,
};

test('disk usage by type with its age and cost; what is not given is absent', () => {
  const described = runtimeSnapshot({ containerCount: 1, diskUsage: report });
  const {
    'container.runtime.info{"container.runtime.name":"docker","container.runtime.version":"28.0.0","host.name":"docker-host"}':
      info,
    ...others
  } = values(described);
  assert.equal(info, 1);
  assert.deepEqual(others, {
    'container.runtime.disk.usage{"container.runtime.object.type":"image"}': 9,
    'container.runtime.disk.usage{"container.runtime.object.type":"volume"}': 0,
    'container.runtime.disk.reclaimable{"container.runtime.object.type":"image"}': 4,
    'tidegauge.disk_usage.duration': 2.5,
    'tidegauge.disk_usage.age': 6,
    'tidegauge.disk_usage.errors{"error.type":"timeout"}': 3,
  });
});

test('failures begin when the agent did', () => {
  const [errors] = diskUsageInstruments.filter(({ kind }) => kind === 'counter');
  assert.ok(errors);
  assert.deepEqual(
    observationsOf(errors, runtimeSnapshot({ diskUsage: report })).map(({ startedAt }) => startedAt),
    [1000],
  );
});

test('nothing is observed of a runtime that is away, but what measuring it cost', () => {
  const names = Object.keys(
    values(runtimeSnapshot({ diskUsage: report, runtime: { ...runtime, images: 3 } })),
  );
  assert.deepEqual(
    names.filter((name) => !name.startsWith('tidegauge.disk_usage.')),
    [],
  );
});

test('every state has a series, so that their sum is the number of containers', () => {
  const containersByStatus = new Map([['running', 3] as const, ['exited', 2] as const]);
  const found = values(runtimeSnapshot({ containerCount: 5, containersByStatus }));
  const counts = Object.entries(found).filter(([name]) => name.startsWith('container.runtime.containers'));
  assert.equal(counts.length, 7);
  assert.equal(
    counts.reduce((sum, [, count]) => sum + count, 0),
    5,
  );
});

test('telegraf’s recorded runtime: its images, version and storage driver', needsPeerCases, () => {
  const info = recordedJson('telegraf/windows_memory_stats/data/info.json');
  const described = describeEngine({ name: runtime.name, version: undefined, info, apiVersion: '1.24' });
  assert.deepEqual([described.images, described.storageDriver], [199, 'devicemapper']);
  const found = values(runtimeSnapshot({ containerCount: 108, runtime: described }));
  assert.equal(found['container.runtime.images'], 199);
  assert.ok(Object.keys(found).some((name) => name.includes('"container.runtime.version":"17.09.0-ce"')));
});
