import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startSimulatedEngine } from '../../../src/simulated/start-simulated-engine.ts';
import { runTidegauge } from '../../support/agent-process.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegauge-block-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs `once` with a block `docker_stats:` beside two containers, of images `nginx:1` and `redis:7`. */
async function onceWith(block: object, ...args: readonly string[]) {
  await using engine = await startSimulatedEngine({
    specs: [
      { name: 'web', image: 'nginx:1' },
      { name: 'store', image: 'redis:7' },
    ],
  });
  const config = join(folder, 'tidegauge.yaml');
  await writeFile(config, JSON.stringify({ docker_stats: block }));
  const { exitCode, stdout, stderr } = await runTidegauge({
    args: ['once', '--config', config, `--docker-url=${engine.url}`, '--log-level=silent', ...args],
  });
  assert.equal(exitCode, 0, stderr);
  return { stdout, requests: engine.requests };
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
