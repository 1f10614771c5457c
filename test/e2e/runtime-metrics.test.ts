import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import type { Exposition } from '../support/wire/exposition.ts';
import { startEngine, type EngineVersion, type RealEngine } from '../support/real/real-engine.ts';

const mib = 2 ** 20;
/** Bytes that the runtime itself writes into a container's layer or counts of an image besides files. */
const slack = 64 * 1024;
const versions: readonly EngineVersion[] = ['20.10', 'current'];

suite('runtime metrics', { concurrency: true }, () => {
  for (const version of versions) {
    const skip = skipUnless(version === 'current' ? 'engine-current' : 'engine-20.10');
    suite(version, { concurrency: false, skip }, () => runtimeMetricsOf(version));
  }
});

function runtimeMetricsOf(version: EngineVersion): void {
  let runtime: RealEngine;
  let agent: AgentProcess;

  before(async () => {
    runtime = await startEngine(version);
    await importUnused(runtime);
    await runtime.docker('volume', 'create', 'data');
    await runtime.run('filled', ['--volume=data:/data'], write('/data/held', 3));
    await runtime.docker('wait', 'filled');
    await runtime.docker('rm', 'filled');
    await runtime.run('stopped', [], write('/held', 2));
    await runtime.docker('wait', 'stopped');
    await runtime.run('running', [], `${write('/held', 1)}; touch /ready; exec sleep 1000`);
    await runtime.untilFile('running', '/ready');
    await runtime.docker('create', '--name=new', '--network=none', 'bb:1', 'true');
    agent = await startAgent({
      args: [
        `--docker-url=${runtime.url}`,
        '--exporter=prometheus',
        '--interval=1s',
        '--disk-usage-interval=10s',
      ],
    });
    await agent.untilReady();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
    await runtime?.[Symbol.asyncDispose]();
  });

  test('containers by state, images and the runtime itself', async () => {
    const shown = await agent.waitForMetrics('an image', (each) => images(each) === 2);
    const states = shown.all('container_runtime_containers');
    const counts = Object.fromEntries(
      states.map(({ labels, value }) => [labels['container_status_state'], value]),
    );
    assert.deepEqual(counts, {
      created: 1,
      running: 1,
      paused: 0,
      restarting: 0,
      removing: 0,
      exited: 1,
      dead: 0,
    });
    const [info] = shown.all('container_runtime_info');
    assert.ok(info);
    assert.equal(info.labels['container_runtime_api_version'], runtime.apiVersion);
    assert.equal(info.labels['container_runtime_storage_driver'], 'overlay2');
    assert.equal(info.labels['os_type'], 'linux');
    assert.equal(shown.value('container_runtime_images'), 2);
  });

  test('disk usage of known sizes, with its cost and age, and what a removal frees', async () => {
    // A runtime may take its time to measure again; then it is young.
    const shown = await agent.waitForMetrics('young disk usage', (each) => (age(each) ?? 99) < 12);
    expectNear(reclaimable(shown, 'image'), 5 * mib);
    assert.ok((usage(shown, 'image') ?? 0) > 5 * mib);
    expectNear(usage(shown, 'container'), 3 * mib);
    expectNear(reclaimable(shown, 'container'), 2 * mib);
    assert.equal(usage(shown, 'volume'), 3 * mib);
    assert.equal(reclaimable(shown, 'volume'), 3 * mib);
    assert.equal(usage(shown, 'build_cache'), 0);
    assert.ok((shown.value('tidegauge_disk_usage_duration_seconds') ?? -1) > 0);
    assert.deepEqual(shown.all('tidegauge_disk_usage_errors_total'), []);
    await runtime.docker('volume', 'rm', 'data');
    const later = await agent.waitForMetrics('the volume to be gone', (each) => usage(each, 'volume') === 0);
    expectNear(usage(later, 'container'), 3 * mib);
  });
}

/** An image that no container is made of: a file of 5 MiB. */
async function importUnused(runtime: RealEngine): Promise<void> {
  const root = join(runtime.directory, 'unused');
  await mkdir(root);
  await writeFile(join(root, 'held'), Buffer.alloc(5 * mib, 1));
  await promisify(execFile)('tar', ['-C', root, '-cf', `${root}.tar`, '.']);
  await runtime.docker('import', `${root}.tar`, 'unused:1');
}

function write(path: string, mebibytes: number): string {
  return `head -c ${mebibytes * mib} /dev/zero >${path}`;
}

function age(shown: Exposition): number | undefined {
  return shown.value('tidegauge_disk_usage_age_seconds');
}

function images(shown: Exposition): number | undefined {
  return shown.value('container_runtime_images');
}

function usage(shown: Exposition, type: string): number | undefined {
  return shown.value('container_runtime_disk_usage_bytes', { container_runtime_object_type: type });
}

function reclaimable(shown: Exposition, type: string): number | undefined {
  return shown.value('container_runtime_disk_reclaimable_bytes', { container_runtime_object_type: type });
}

function expectNear(value: number | undefined, bytes: number): void {
  assert.ok(value !== undefined && value >= bytes && value < bytes + slack, `${value} is not ${bytes}`);
}
