import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { runTidegauge } from '../../../support/real/agent-process.ts';

const labels = { team: 'a', tier: 'front', 'com.docker.compose.project': 'shop' };

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegauge-block-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs `once` with a block `docker_stats:` beside two containers, of images `nginx:1` and `redis:7`. */
async function onceWith(block: object, ...args: readonly string[]) {
  await using runtime = await startSimulatedEngine({
    specs: [
      { name: 'web', image: 'nginx:1', labels, env: ['STAGE=test', 'REGION=eu'] },
      { name: 'store', image: 'redis:7' },
    ],
  });
  const config = join(folder, 'tidegauge.yaml');
  await writeFile(config, JSON.stringify({ docker_stats: block }));
  const { exitCode, stdout, stderr } = await runTidegauge({
    args: ['once', '--config', config, `--docker-url=${runtime.url}`, '--log-level=silent', ...args],
  });
  assert.equal(exitCode, 0, stderr);
  return { stdout, requests: runtime.requests };
}

for (const profile of ['docker_stats', 'docker_stats,semconv', 'semconv']) {
  test(`an excluded image is neither inspected nor sampled: ${profile}`, async () => {
    const block = { excluded_images: ['/^nginx/'] };
    const { stdout, requests } = await onceWith(block, '--profile', profile, '--format', 'json');
    assert.match(stdout, /"store"/);
    assert.doesNotMatch(stdout, /"web"/);
    // Two probes of one container.
    assert.deepEqual([requests.inspect, requests.stats], [2, 2]);
  });
}

/** Attributes of the resource of `web` besides its identity. */
async function mappedWith(...args: readonly string[]): Promise<Record<string, unknown>> {
  const block = {
    container_labels_to_metric_labels: { team: 'metric-team' },
    env_vars_to_metric_labels: { STAGE: 'metric-stage' },
    resource_attributes: { 'container.runtime': { enabled: false } },
  };
  const { stdout } = await onceWith(block, ...args, '--format', 'json');
  const containers: { attributes: Record<string, unknown> }[] = JSON.parse(stdout);
  const web = containers.find(({ attributes }) => attributes['container.name'] === 'web');
  const others = Object.entries(web?.attributes ?? {}).filter(
    ([key]) => !/^(?:container\.[^l]|host\.)/.test(key),
  );
  return Object.fromEntries(others);
}

const general = ['--label-attribute=tier=metric-stage,team=own-team', '--env-attribute=REGION=region'];

test('beside the block, settings of ours add to the receiver’s resource and replace none of it', async () => {
  assert.deepEqual(await mappedWith('--profile', 'docker_stats', ...general), {
    'metric-team': 'a',
    'metric-stage': 'test',
    'own-team': 'a',
    region: 'eu',
  });
});

test('presets add to the receiver’s resource only where another profile has them', async () => {
  const compose = { 'container.label.com.docker.compose.project': 'shop' };
  const block = { 'metric-team': 'a', 'metric-stage': 'test' };
  assert.deepEqual(await mappedWith('--profile', 'docker_stats'), block);
  assert.deepEqual(await mappedWith('--profile', 'docker_stats,semconv'), { ...block, ...compose });
});
