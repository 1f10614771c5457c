import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { VersionedRuntime } from '../support/fakes/versioned-runtime.ts';
import { startAgent, runTidegauge } from '../support/real/agent-process.ts';
import { skipWithoutCadvisor, Cadvisor } from '../support/real/cadvisor.ts';
import { skipUnless } from '../support/real/component.ts';
import { waitUntil } from '../support/real/daemon.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';
import type { Series } from '../support/wire/exposition.ts';

/** Flags of cAdvisor's own instructions, its example for Kubernetes (`cadvisor-args.yaml`), and its image's entrypoint. */
const exampleFlags = [
  '-logtostderr',
  '--housekeeping_interval=10s',
  '--max_housekeeping_interval=15s',
  '--event_storage_event_limit=default=0',
  '--event_storage_age_limit=default=0',
  '--enable_metrics=app,cpu,disk,diskIO,memory,network,process',
  '--docker_only',
  '--store_container_labels=false',
  '--whitelisted_container_labels=io.kubernetes.container.name, io.kubernetes.pod.name,io.kubernetes.pod.namespace',
];
const unused = ['max_housekeeping_interval', 'event_storage_event_limit', 'event_storage_age_limit'];

suite('tidegauge cadvisor beside a real engine', { skip: skipUnless('engine-current') }, () => {
  const stack = new AsyncDisposableStack();
  let runtime: RealEngine;

  before(async () => {
    runtime = stack.use(await startEngine('current', { bridge: true }));
    const labels = ['io.kubernetes.pod.name=web-0', 'com.example/team=a'].map((label) => `--label=${label}`);
    await runtime.run('web', [...labels, '--env=APP_STAGE=test', '--memory=64m'], 'exec sleep 1000');
  });
  after(() => stack.disposeAsync());

  const seriesOf = async (...args: string[]) => {
    const where = ['cadvisor', '--port=0', '--listen_ip=127.0.0.1', `--docker=${runtime.url}`];
    await using agent = await startAgent({ args: [...where, ...args] });
    await agent.untilReady();
    const { series } = await agent.metrics();
    const { status } = await fetch(new URL('healthz', agent.metricsUrl));
    assert.equal(status, 200);
    return { series: series.filter(({ labels }) => labels['name'] === 'web'), agent };
  };

  test('with the flags of its own example it has these metrics and labels alone', async () => {
    const { series, agent } = await seriesOf(...exampleFlags);
    const warned = agent.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
    for (const flag of unused)
      assert.equal(
        warned.filter((line) => line.startsWith(`--${flag} has no meaning here: `)).length,
        1,
        flag,
      );
    const names = new Set(series.map(({ name }) => name));
    for (const name of ['cpu_usage_seconds_total', 'memory_rss', 'network_receive_bytes_total', 'threads'])
      assert.ok(names.has(`container_${name}`), name);
    for (const name of names) assert.doesNotMatch(name, /^container_(?:oom|pressure)_/);
    const labels = new Set(series.flatMap((each) => Object.keys(each.labels)));
    const own = [...labels].filter((label) => /^container_(?:label|env)_/.test(label));
    assert.deepEqual(own, ['container_label_io_kubernetes_pod_name']);
  });

  test('behind a prefix, at another path, with variables of the container', async () => {
    const { series, agent } = await seriesOf(
      '--url_base_prefix=/host/1',
      '--prometheus_endpoint=/container-metrics',
      '--env_metadata_whitelist=APP_',
    );
    assert.match(agent.metricsUrl, /\/host\/1\/container-metrics$/);
    const [seen] = series.filter(({ name }) => name === 'container_last_seen');
    assert.equal(seen?.labels['container_env_app_stage'], 'test');
    assert.equal(seen?.labels['container_label_com_example_team'], 'a');
    assert.deepEqual(
      series.filter(({ name }) => name === 'container_threads'),
      [],
      'off unless process is named',
    );
  });

  test('its series have the labels of a real cAdvisor’s', { skip: skipWithoutCadvisor() }, async () => {
    const { directory } = runtime;
    await using versioned = await VersionedRuntime.start(runtime, '28.5.2');
    await using cadvisor = await Cadvisor.start({ url: versioned.url, directory });
    const theirs = await waitUntil('cAdvisor to measure the container', async () => {
      const found = labelsByName((await cadvisor.scrape()).filter(({ labels }) => labels['name']));
      return found.has('container_network_receive_bytes_total') ? found : undefined;
    });
    const { series } = await seriesOf('--docker_only');
    const ours = labelsByName(series);
    const both = [...ours.keys()].filter((name) => theirs.has(name));
    assert.ok(both.length > 30, `${both.length} names in common`);
    for (const name of both) assert.deepEqual(ours.get(name), theirs.get(name), name);
  });
});

test('wrong flags of cAdvisor’s end with 2, all named', async () => {
  const args = ['cadvisor', '--docker_onyl', '--http_auth_file=/etc/htpasswd', '--port=none'];
  const { exitCode, stderr } = await runTidegauge({ args });
  assert.equal(exitCode, 2);
  assert.match(stderr, /--docker_onyl: unknown flag; did you mean --docker_only\?/);
  assert.match(stderr, /--http_auth_file: the agent asks nobody for a password/);
  assert.match(stderr, /--port "none": expected a whole number/);
});

/** The keys of the labels of each metric; one without a value is none to Prometheus. */
function labelsByName(series: readonly Series[]): ReadonlyMap<string, readonly string[]> {
  const byName = Map.groupBy(series, ({ name }) => name);
  return new Map(
    [...byName].map(([name, all]) => {
      const keys = all.flatMap(({ labels }) => Object.keys(labels).filter((key) => labels[key] !== ''));
      return [name, [...new Set(keys)].toSorted()];
    }),
  );
}
