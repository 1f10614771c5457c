import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { waitUntil } from '../support/real/daemon.ts';
import { busyboxImage, type RealEngine } from '../support/real/real-engine.ts';
import { engineVersions, skipWithoutScene, startScene, type Scene } from '../support/real/scene.ts';
import { pointsOf } from '../support/wire/otlp-points.ts';

/** One after the other, each half a second long; TIDEGAUGE_TEST_LIVES=200 takes three minutes. */
const lives = Number(process.env['TIDEGAUGE_TEST_LIVES'] ?? 25);
/** About 0.1 CPU seconds. */
const burn = 'i=0; while [ $i -lt 35000 ]; do i=$((i+1)); done';
/** A machine that is busy with other things may keep the agent from a cgroup until that is gone. */
const attempts = 3;
const trees = '/sys/fs/cgroup';
const isHybrid = existsSync(join(trees, 'unified/cgroup.procs')) && existsSync(join(trees, 'cpuacct'));
const skip = skipWithoutScene || (!isHybrid && 'needs cgroup v1 with a tree of v2 beside it');

suite('last values', { skip }, () => {
  for (const version of engineVersions) {
    test(`${version}: the CPU times of lives of half a second add up to what the kernel counted above them`, async () => {
      // Of its own: the kernel adds up the times of all cgroups below it.
      const parent = `/tidegauge-${process.pid}-${version}`;
      // Engines leave a parent that they made for their containers.
      await using leftovers = new AsyncDisposableStack();
      leftovers.defer(() => removeCgroup(parent));
      await using scene = await startScene(version, ['--interval=10s', '--profile=docker_stats'], (runtime) =>
        runtime.run('lasting', [`--cgroup-parent=${parent}`], 'exec sleep 1000'),
      );
      using alone = versionOneAlone();
      await using unannounced = await startAgent({
        args: [
          `--docker-url=${scene.runtime.url}`,
          '--exporter=prometheus',
          '--profile=docker_stats',
          `--cgroup-root=${alone.root}`,
        ],
      });
      for (const agent of [scene.agent, unannounced])
        await agent.waitForMetrics('the first', (shown) => cpuTimes(shown.series).has('lasting'));
      let shares: Shares | undefined;
      for (let attempt = 0; attempt < attempts && !isWhole(shares); attempt += 1)
        shares = await sharesOf(scene, unannounced, { parent, attempt });
      assert.ok(isWhole(shares), JSON.stringify(shares));
    });
  }
});

/** What each reader was given, as a share of what was used. */
interface Shares {
  readonly pushed: number;
  readonly scraped: number;
  /** Where the kernel does not announce the end of a cgroup. */
  readonly unannounced: number;
}

function isWhole(shares: Shares | undefined): boolean {
  if (!shares) return false;
  const { pushed, scraped, unannounced } = shares;
  const isNear = (share: number, tolerance: number): boolean => Math.abs(1 - share) <= tolerance;
  return isNear(pushed, 0.03) && isNear(scraped, 0.03) && isNear(unannounced, 0.06);
}

interface Attempt {
  readonly parent: string;
  readonly attempt: number;
}

async function sharesOf(
  { runtime, agent, collector }: Scene,
  unannounced: AgentProcess,
  { parent, attempt }: Attempt,
): Promise<Shares> {
  const lasting = `${parent}/${await runtime.docker('inspect', '--format={{.Id}}', 'lasting')}`;
  const ofLives = (): number => cpuUsage(parent) - cpuUsage(lasting);
  const before = ofLives();
  const scraped = new Map<string, number>();
  const alone = new Map<string, number>();
  const scrape = async (): Promise<void> => {
    for (const [name, nanos] of cpuTimes((await agent.metrics()).series)) scraped.set(name, nanos);
    for (const [name, nanos] of cpuTimes((await unannounced.metrics()).series)) alone.set(name, nanos);
  };
  for (let life = 0; life < lives; life += 1) {
    await runLife(runtime, parent, `life-${attempt}-${life}`, life % 2 === 0);
    if (life % 10 === 9) await scrape();
  }
  await waitUntil('the end of the last', async () => {
    const left = await runtime.docker('ps', '--all', '--quiet');
    return left.split('\n').length === 1 ? true : undefined;
  });
  await scrape();
  const arrived = (await collector.fileExport()).length;
  const requests = await collector.waitForExport(({ length }) => length >= arrived + 2, 60_000);
  const pushed = new Map<string, number>();
  for (const { name, resource, value } of requests.flatMap(pointsOf))
    if (name === 'container.cpu.usage.total') pushed.set(String(resource['container.name']), value);
  const used = ofLives() - before;
  const share = (times: ReadonlyMap<string, number>): number => {
    const ours = [...times].filter(([name]) => name.startsWith(`life-${attempt}-`));
    return ours.reduce((sum, [, nanos]) => sum + nanos, 0) / used;
  };
  return { pushed: share(pushed), scraped: share(scraped), unannounced: share(alone) };
}

/** @param isLate true for one that is idle first, and ends in the midst of its work. */
async function runLife(runtime: RealEngine, parent: string, name: string, isLate: boolean): Promise<void> {
  const script = isLate ? `sleep 0.4; ${burn}` : `${burn}; sleep 0.4`;
  const options = ['--detach', '--rm', '--network=none', `--cgroup-parent=${parent}`, `--name=${name}`];
  await runtime.docker('run', ...options, busyboxImage, 'sh', '-c', script);
}

/** What is left of it is no failure of the test. */
async function removeCgroup(path: string): Promise<void> {
  for (const tree of readdirSync(trees)) await rmdir(join(trees, tree, path)).catch(() => undefined);
}

function cpuUsage(path: string): number {
  return Number(readFileSync(join(trees, 'cpuacct', path, 'cpuacct.usage'), 'utf8'));
}

function cpuTimes(
  series: readonly { name: string; labels: Readonly<Record<string, string>>; value: number }[],
) {
  const ofCpu = series.filter(({ name }) => name === 'container_cpu_usage_nanoseconds_total');
  return new Map(ofCpu.map(({ labels, value }) => [labels['container_name'] ?? '', value]));
}

/** The trees of version 1 without that of version 2 beside them. */
function versionOneAlone(): Disposable & { readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), 'tidegauge-v1-'));
  for (const tree of ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'])
    symlinkSync(join(trees, tree), join(root, tree));
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}
