import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { runTidegauge, startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import type { Exposition } from '../support/wire/exposition.ts';
import { startPodman, type RealPodman } from '../support/real/real-podman.ts';

const quota = 0.3;

suite('Podman', { skip: skipUnless('podman') }, () => {
  const stack = new AsyncDisposableStack();
  const of = (name: string): { container_name: string } => ({ container_name: name });
  let podman: RealPodman;
  let agent: AgentProcess;
  let shown: Exposition;

  before(async () => {
    podman = stack.use(await startPodman());
    await podman.run('busy', [`--cpus=${quota}`, '--memory=64m'], 'while :; do :; done');
    await podman.run('idle', [], 'sleep 1000');
    await podman.run('ended', [], 'exit 3');
    agent = stack.use(
      await startAgent({
        args: [
          `--docker-url=${podman.url}`,
          '--exporter=prometheus',
          '--min-probe-interval=2s',
          '--self-audit=true',
        ],
      }),
    );
    await agent.untilReady();
    shown = await agent.waitForMetrics(
      'two samples',
      (exposition) => exposition.value('container_cpu_usage', of('busy')) !== undefined,
    );
  });
  after(() => stack.disposeAsync());

  test('containers are named, and the runtime is podman', () => {
    const info = shown.all('container_info').map(({ labels }) => labels);
    const names = info.map(({ container_name: name = '' }) => name).sort();
    assert.deepEqual(names, ['busy', 'ended', 'idle']);
    assert.deepEqual([...new Set(info.map((labels) => labels['container_runtime_name']))], ['podman']);
    assert.equal(shown.value('container_exit_code', of('ended')), 3);
    assert.equal(shown.value('container_memory_usage_bytes', of('ended')), undefined);
  });

  test('CPU is by wall clock, and so under the quota', async () => {
    const cpus = (exposition: Exposition, name: string): number =>
      exposition.value('container_cpu_usage', of(name)) ?? Number.NaN;
    // A loaded machine gives less, and delays Podman between its readings of the clock and of the container.
    const good = await agent.waitForMetrics('a good reading', (each) => {
      const busy = cpus(each, 'busy');
      return busy > quota / 3 && busy < quota * 1.2 && cpus(each, 'idle') < 0.05;
    });
    const share = good.value('container_cpu_limit_utilization_ratio', of('busy')) ?? Number.NaN;
    assert.ok(Math.abs(share - cpus(good, 'busy') / quota) < 1e-9);
  });

  test('memory is there, and what Podman does not give is absent with its reason', () => {
    assert.ok((shown.value('container_memory_usage_bytes', of('busy')) ?? 0) > 10_000);
    assert.equal(shown.value('container_memory_limit_current_bytes', of('busy')), 64 * 2 ** 20);
    for (const metric of [
      'container_memory_working_set_bytes',
      'container_cpu_throttling_periods_total',
      'container_network_io_bytes_total',
    ])
      assert.deepEqual(shown.all(metric), [], metric);
    assert.equal(shown.value('tidegauge_metrics_missing', { reason: 'no-working-set' }), 2);
    assert.equal(shown.value('tidegauge_metrics_missing', { reason: 'no-own-network' }), 2);
  });

  test('verify finds no difference to what Podman itself computes', async () => {
    const { exitCode, stdout } = await runTidegauge({
      args: ['verify', `--docker-url=${podman.url}`, '--log-level=silent'],
    });
    assert.equal(exitCode, 0, stdout);
    assert.match(
      stdout,
      /^2 of 2 running containers compared, 18 figures, \d+ of them with the kernel's files: none differs$/m,
    );
    const [, percent] = /^busy +cpu-percent +(\S+)/m.exec(stdout) ?? [];
    assert.ok(Number(percent) < quota * 120, `${percent} %`);
  });

  test('the self-audit finds no difference', async () => {
    const audited = await agent.waitForMetrics(
      'an audit',
      (exposition) => exposition.sum('tidegauge_audit_difference_count') > 0,
    );
    assert.equal(audited.sum('tidegauge_audit_difference_sum'), 0);
    assert.equal(audited.sum('tidegauge_audit_failures_total'), 0);
  });
});
