import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueOf, diskUsageNeeds, profiles, wholeCatalogue } from '../../../src/metrics/catalogue.ts';
import type { ProfileName } from '../../../src/metrics/catalogue.ts';
import type { ContainerFilesystem } from '../../../src/model/disk-usage.ts';
import { stampOf } from '../../../src/model/instrument.ts';
import { snapshotWith, valuesOf } from './observed.ts';

const whole: ContainerFilesystem = {
  usageBytes: 7,
  filesystem: { device: '/dev/sda1', capacityBytes: 1000, availableBytes: 400, inodes: 90, freeInodes: 30 },
};

/** What a profile shows of a running container's file system. */
function shown(profile: ProfileName, filesystem?: ContainerFilesystem): Record<string, number> {
  const state = { status: 'running' as const };
  const snapshot = snapshotWith({ state, ...(filesystem && { filesystem }) });
  const values = valuesOf(snapshot, [profile], wholeCatalogue([profile]));
  const entries = [...values].filter(([key]) => /^container[._](fs|filesystem)[._]/.test(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [key.replace(/\{.*"device":"(.*?)".*$/, ' $1').replace(/\{.*/, ''), value]),
  );
}

test('cadvisor: by the device, as cAdvisor names it', () => {
  assert.deepEqual(shown('cadvisor', whole), {
    'container_fs_usage_bytes /dev/sda1': 7,
    'container_fs_limit_bytes /dev/sda1': 1000,
    'container_fs_inodes_total /dev/sda1': 90,
    'container_fs_inodes_free /dev/sda1': 30,
  });
});

test('semconv: the conventions’ names', () => {
  assert.deepEqual(shown('semconv', whole), {
    'container.filesystem.usage': 7,
    'container.filesystem.capacity': 1000,
    'container.filesystem.available': 400,
  });
});

test('where the file system is not reached there is the container’s usage alone; without a measurement nothing', () => {
  assert.deepEqual(shown('cadvisor', { usageBytes: 7 }), { container_fs_usage_bytes: 7 });
  assert.deepEqual(shown('semconv', { usageBytes: 7 }), { 'container.filesystem.usage': 7 });
  assert.deepEqual(shown('cadvisor'), {});
  assert.deepEqual(shown('semconv'), {});
});

test('stamped by the collection: a point that is ten minutes old would be taken for a series that ended', () => {
  for (const each of [...profiles.cadvisor.containers, ...profiles.semconv.containers])
    if (each.source === 'disk usage') assert.equal(stampOf(each), 'now', each.name);
});

test('the runtime is asked for what the chosen metrics need', () => {
  assert.deepEqual(diskUsageNeeds(catalogueOf(['semconv'])), { sums: true, containers: true });
  assert.deepEqual(diskUsageNeeds(catalogueOf(['cadvisor'])), { sums: false, containers: true });
  assert.deepEqual(diskUsageNeeds(catalogueOf(['docker_stats'])), { sums: false, containers: false });
  const without = new Map([['container.filesystem.usage', false]]);
  assert.deepEqual(diskUsageNeeds(catalogueOf(['semconv'], without)), { sums: true, containers: false });
});
