import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenMetrics, dockerStatsOptions } from '../../../src/agent/catalogue.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { DockerStatsBlock } from '../../../src/config/receiver/block.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { identity, snapshotWith } from '../metrics/observed.ts';

function configOf(dockerStats: DockerStatsBlock, profile = 'docker_stats') {
  const { config } = loadConfig({ flags: { profile }, environment: {}, readFile: () => '' });
  return { ...config, dockerStats };
}

function namesOf(block: DockerStatsBlock, profile?: string): string[] {
  return chosenMetrics(configOf(block, profile)).catalogue.containers.map(({ name }) => name);
}

function snapshotOf(reference: string, labels: Record<string, string> = {}) {
  const image = { reference, tags: [], repoDigests: [] };
  return snapshotWith({
    identity: { ...identity, image, labels },
    state: { status: 'running', restartCount: 1 },
    sample: { takenAt: 2000, windows: false, pids: { current: 3 } },
  });
}

function isShown(block: DockerStatsBlock, reference: string): boolean {
  return dockerStatsOptions(block).isShown?.(snapshotOf(reference)) ?? true;
}

test('metrics are switched and their attributes left out as the block says', () => {
  const metrics = {
    'container.uptime': { enabled: true },
    'container.cpu.utilization': { enabled: false },
    'container.network.io.usage.rx_bytes': { attributes: [] },
  };
  const names = namesOf({ metrics });
  assert.ok(names.includes('container.uptime') && !names.includes('container.cpu.utilization'));
  const { containers } = chosenMetrics(configOf({ metrics })).catalogue;
  const found = containers.find(({ name }) => name === 'container.network.io.usage.rx_bytes');
  assert.deepEqual(found?.attributes, []);
  assert.ok(!namesOf({ metrics: {} }).includes('container.uptime'));
  assert.ok(
    namesOf({ metrics: { 'container.uptime': { enabled: false } } }, 'semconv').includes('container.uptime'),
  );
});

test('unknown metrics and attributes are mistakes, each reported', () => {
  const metrics = {
    'container.cpu.utilisation': { enabled: true },
    'container.blockio.sectors_recursive': { attributes: ['operation', 'device'] },
    'container.uptime': { attributes: ['x'] },
  };
  assert.throws(
    () => chosenMetrics(configOf({ metrics })),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(error.problems, [
        'docker_stats.metrics.container.cpu.utilisation: unknown metric; did you mean container.cpu.utilization?',
        'docker_stats.metrics.container.blockio.sectors_recursive.attributes "device": expected some of device_major, device_minor, operation',
        'docker_stats.metrics.container.uptime.attributes "x": the metric has no attributes',
      ]);
      return true;
    },
  );
});

test('a resource attribute may decide what is shown', () => {
  const filter = (options: object): DockerStatsBlock => ({
    resource_attributes: { 'container.image.name': { enabled: true, ...options } },
  });
  const include = filter({ metrics_include: [{ strict: 'redis' }, { regexp: '^ng' }] });
  assert.deepEqual(
    ['redis', 'nginx', 'busybox'].map((image) => isShown(include, image)),
    [true, true, false],
  );
  const exclude = filter({ metrics_exclude: [{ regexp: 'x$' }] });
  assert.deepEqual(
    ['redis', 'nginx', 'busybox'].map((image) => isShown(exclude, image)),
    [true, false, false],
  );
  assert.equal(isShown(filter({ enabled: false, metrics_exclude: [{ regexp: '.' }] }), 'redis'), true);
});

test('the resource has what the block maps', () => {
  const block = {
    container_labels_to_metric_labels: { team: 'owner' },
    resource_attributes: { 'container.hostname': { enabled: false }, 'container.id': null },
  };
  const resource = chosenMetrics(configOf(block)).resourceOf(snapshotOf('redis', { team: 'a' }));
  assert.equal(resource['owner'], 'a');
  assert.equal(resource['container.id'], identity.id);
});
