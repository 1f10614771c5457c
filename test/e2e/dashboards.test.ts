import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startSimulatedEngine } from '../../src/simulator/start.ts';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import { startPrometheus, type Prometheus, type PrometheusSeries } from '../support/real/prometheus.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';

const megabyte = 1024 ** 2;

/** Containers of which it is known what they do. */
const specs = {
  limited: { options: ['--memory=64m', '--memory-reservation=32m'], command: 'exec sleep 1000' },
  short: { options: ['--network=none'], command: 'exec sleep 1000' },
  quota: { options: ['--cpus=0.2', '--network=none'], command: 'while :; do :; done' },
  pinger: {
    options: ['--label=org.label-schema.group=monitoring'],
    command: 'exec ping -i 1 $(ip route | sed -n "s/default via \\([^ ]*\\).*/\\1/p")',
  },
} as const;
const all = Object.keys(specs).toSorted();
const networked = ['limited', 'pinger'];

/** What a query has to give: series of these containers, or anything that a function finds good. */
type Expected = readonly string[] | ((series: readonly PrometheusSeries[]) => boolean);

const isPositive: Expected = (series) => series.length > 0 && series.every(({ value }) => value > 0);

const isThere: Expected = (series) => series.length === 1;

/** True for one container and its value. */
function has(name: string, isGood: (value: number) => boolean): Expected {
  return (series) => series.some((each) => each.metric['name'] === name && isGood(each.value));
}

/**
 * The selectors and functions that dashboards need, by their ids on grafana.com (and revisions, where they were read),
 * or their repositories. Facts alone: panels, texts and layout are their authors'.
 */
const dashboards: Readonly<Record<string, readonly (readonly [query: string, expected: Expected])[]>> = {
  '193': [
    ['count(container_last_seen{image!=""})', ([each]) => each?.value === all.length],
    ['sum by (name) (container_memory_usage_bytes{image!=""})', all],
    ['sum by (name) (rate(container_cpu_user_seconds_total{image!=""}[1m]))', has('quota', (v) => v > 0)],
    ['sum by (name) (rate(container_network_receive_bytes_total{image!=""}[1m]))', networked],
    [
      'sum by (name) (rate(container_network_transmit_bytes_total{image!=""}[1m]))',
      has('pinger', (v) => v > 0),
    ],
  ],
  '179, 162': [
    // CFS gives it no more than a fifth of a CPU in any period; what a scrape lies within one may add one.
    [
      'sum by (name) (rate(container_cpu_usage_seconds_total{image!=""}[1m]))',
      has('quota', (v) => v > 0 && v < 0.3),
    ],
    ['container_fs_limit_bytes - container_fs_usage_bytes', isPositive],
  ],
  '893 (rev. 5), 16310': [
    ['count(container_last_seen{name=~".+"})', ([each]) => each?.value === all.length],
    ['sum by (name) (rate(container_cpu_usage_seconds_total{name=~".+"}[1m])) * 100', all],
    ['sum by (name) (rate(container_cpu_system_seconds_total{name=~".+"}[1m]))', all],
    ['sum(rate(container_cpu_system_seconds_total{id="/"}[1m]))', isPositive],
    ['container_memory_rss{id="/"}', isPositive],
    ['sum(rate(container_network_receive_bytes_total{id="/"}[1m]))', isThere],
    ['container_memory_rss{name=~".+"}', all],
    ['container_memory_swap{name=~".+"}', all],
    [
      'sum by (name) (container_spec_memory_limit_bytes{name=~".+"} - container_memory_usage_bytes{name=~".+"})',
      has('limited', (v) => v > 0 && v < 64 * megabyte),
    ],
    ['sum by (name) (rate(container_network_receive_bytes_total{name=~".+"}[1m]))', networked],
  ],
  '14282 (rev. 1)': [
    ['count by (instance, name) ({__name__=~"container.*", name!=""})', all],
    ['container_memory_cache{name=~".+"}', all],
    ['time() - container_start_time_seconds{name=~".+"}', has('limited', (v) => v > 0 && v < 3600)],
  ],
  '21743': [['count_over_time(container_last_seen{name=~".+"}[1m])', all]],
  '15120, 10566': [
    ['container_spec_memory_limit_bytes{name=~".+"}', has('limited', (v) => v === 64 * megabyte)],
    ['container_spec_memory_limit_bytes{name=~".+"}', has('quota', (v) => v === 0)],
    ['sum(rate(container_network_transmit_bytes_total{id="/"}[1m]))', isThere],
  ],
  'stefanprodan/dockprom': [
    [
      'sum by (name) (rate(container_network_receive_bytes_total{image!="", container_label_org_label_schema_group="monitoring"}[1m]))',
      ['pinger'],
    ],
    ['sum(rate(container_cpu_user_seconds_total{image!=""}[1m])) / sum(machine_cpu_cores) * 100', isPositive],
    ['container_fs_usage_bytes{image!=""}', all],
  ],
  'Grafana’s Docker integration': [
    [
      'container_spec_memory_reservation_limit_bytes{job!="kubelet", name!=""}',
      has('limited', (v) => v === 32 * megabyte),
    ],
    [
      'sum(container_memory_usage_bytes{job!="kubelet", name!=""}) / sum(machine_memory_bytes)',
      ([each]) => each !== undefined && each.value > 0 && each.value < 1,
    ],
    ['sum by (name) (rate(container_network_receive_errors_total{name!=""}[1m]))', networked],
    ['sum by (name) (rate(container_network_transmit_packets_dropped_total{name!=""}[1m]))', networked],
  ],
  'samber/awesome-prometheus-alerts': [
    [
      'sum by (instance, name) (container_memory_working_set_bytes{name!=""}) / sum by (instance, name) (container_spec_memory_limit_bytes > 0)',
      ['limited'],
    ],
    [
      'container_spec_cpu_quota{name!=""} / container_spec_cpu_period{name!=""}',
      has('quota', (v) => v === 0.2),
    ],
    [
      'rate(container_cpu_cfs_throttled_periods_total{name!=""}[1m]) / rate(container_cpu_cfs_periods_total{name!=""}[1m])',
      has('quota', (v) => v > 0 && v <= 1),
    ],
    [
      'container_fs_inodes_free / container_fs_inodes_total',
      (s) => s.length > 0 && s.every(({ value }) => value <= 1),
    ],
    ['container_health_state == 0', (series) => series.length === 0],
  ],
  '11467': [
    ['docker_container_running_state', all],
    ['rate(docker_container_cpu_used_total[1m])', has('quota', (v) => v > 0)],
    ['docker_container_memory_used_bytes', all],
    ['rate(docker_container_network_in_bytes[1m])', has('pinger', (v) => v > 0)],
  ],
};

/**
 * The same for disks, asked of simulated containers: the kernel of a virtual machine may count none of their I/O, and
 * cAdvisor has nothing there either.
 */
const diskQueries: readonly string[] = [
  // 21743
  'sum by (name) (rate(container_fs_writes_bytes_total{name=~".+"}[1m])) > 0',
  'sum by (name) (rate(container_fs_reads_bytes_total{name=~".+"}[1m])) > 0',
  // 15120, 10566
  'container_fs_writes_bytes_total{image!="", device!~"/dev/dm.*"} > 0',
  // Grafana's Docker integration
  'rate(container_fs_writes_total{job!="kubelet", name!=""}[1m]) > 0',
  'rate(container_fs_reads_total{job!="kubelet", name!=""}[1m]) > 0',
];

const documents = ['../../docs/dashboards.md', '../../docs/migration/cadvisor.md'].map((path) =>
  readFileSync(join(import.meta.dirname, path), 'utf8'),
);

suite(
  'dashboards for cAdvisor’s names, by a real Prometheus beside a real engine',
  { skip: skipUnless('engine-current', 'prometheus') },
  () => {
    const stack = new AsyncDisposableStack();
    let runtime: RealEngine;
    let agent: AgentProcess;
    let prometheus: Prometheus;
    let disks: Prometheus;

    before(async () => {
      runtime = stack.use(await startEngine('current', { bridge: true }));
      for (const [name, { options, command }] of Object.entries(specs))
        await runtime.run(name, options, command);
      const where = ['--port=0', '--listen_ip=127.0.0.1', `--docker=${runtime.url}`];
      agent = stack.use(
        await startAgent({ args: ['cadvisor', ...where, '--profile=cadvisor,docker_exporter'] }),
      );
      prometheus = stack.use(await startPrometheus({ targets: [agent.metricsUrl] }));
      const simulated = stack.use(await startSimulatedEngine({ scenario: 'demo', cgroup: 1 }));
      const simulation = [`--docker=${simulated.url}`, '--usage-source=runtime', ...where.slice(0, 2)];
      const beside = stack.use(await startAgent({ args: ['cadvisor', ...simulation] }));
      disks = stack.use(await startPrometheus({ targets: [beside.metricsUrl] }));
    });
    after(() => stack.disposeAsync());

    for (const [dashboard, queries] of Object.entries(dashboards)) {
      test(`dashboard ${dashboard}`, async () => {
        for (const [query, expected] of queries) {
          await prometheus.waitFor(query, judgeOf(expected)).catch(async (error: unknown) => {
            throw new Error(`${query} gives ${JSON.stringify(await prometheus.query(query))}`, {
              cause: error,
            });
          });
        }
        assert.ok(documents[0]?.includes(dashboard.replace(/ .*|,.*/, '')), 'the page has it');
      });
    }

    test('dashboards of disks: 21743, 15120, 10566, Grafana’s Docker integration', async () => {
      for (const query of diskQueries) await disks.waitFor(query);
    });

    test('a container that is gone is found by what replaces a last_seen that stands still', async () => {
      const query =
        /`(group by[^`]*last_over_time\(container_last_seen[^`]*)`/.exec(documents[1] ?? '')?.[1] ?? '';
      assert.deepEqual(await prometheus.query(query), []);
      await runtime.docker('rm', '--force', 'short');
      const gone = await prometheus.waitFor(query);
      assert.deepEqual(
        gone.map(({ metric }) => metric['name']),
        ['short'],
      );
      assert.deepEqual(await prometheus.query('container_last_seen{name="short"}'), [], 'no stale series');
      assert.equal((await prometheus.query('absent(container_last_seen{name="short"})')).length, 1);
    });
  },
);

function judgeOf(expected: Expected): (series: readonly PrometheusSeries[]) => boolean {
  if (typeof expected === 'function') return expected;
  return (series) => {
    const names = new Set(series.map(({ metric }) => metric['name'] ?? ''));
    return [...names].toSorted().join() === expected.toSorted().join();
  };
}
