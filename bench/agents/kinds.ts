import type { BenchOptions } from '../options.ts';
import type { AgentName, Step } from '../plan.ts';
import type { RuntimeUnderTest } from '../runtimes.ts';
import { startCadvisor } from './cadvisor.ts';
import { startReceiver } from './docker-stats.ts';
import type { RunningAgent } from './running-agent.ts';
import { startTidegauge } from './tidegauge.ts';

/** An agent that can be started on a runtime. */
export interface AgentKind {
  readonly title: string;
  readonly isOurs: boolean;
  /** A metric that changes with each measuring; absent for cAdvisor, which measures each container after 10 to 20 s. */
  readonly freshMetric?: string;
  /** The beginning of one line for each container. */
  readonly containerLine: RegExp;
  start(runtime: RuntimeUnderTest, step: Step, options: BenchOptions): Promise<RunningAgent>;
}

const probes = 'tidegauge_probe_duration_seconds_count';
const uptime = /^container_uptime_seconds\{/gm;

/** Agents that are started and scraped. */
export const agentKinds: Readonly<Record<Exclude<AgentName, 'floor'>, AgentKind>> = {
  docker_stats: {
    title: 'docker_stats',
    isOurs: false,
    freshMetric: 'container_uptime_seconds',
    containerLine: uptime,
    start: startReceiver.bind(undefined, 'docker-stats.yaml'),
  },
  docker_stats_default: {
    title: 'docker_stats, defaults',
    isOurs: false,
    freshMetric: 'container_cpu_usage_kernelmode_nanoseconds_total',
    containerLine: /^container_memory_percent_ratio\{/gm,
    start: startReceiver.bind(undefined, 'docker-stats-default.yaml'),
  },
  cadvisor: {
    title: 'cAdvisor',
    isOurs: false,
    containerLine: /^container_last_seen\{.*\bname="[^"]/gm,
    start: startCadvisor,
  },
  kernel: {
    title: 'tidegauge, kernel',
    isOurs: true,
    freshMetric: probes,
    containerLine: uptime,
    start: startTidegauge.bind(undefined, { usage: 'cgroup', hasReceiverSeries: false }),
  },
  api: {
    title: 'tidegauge, API',
    isOurs: true,
    freshMetric: probes,
    containerLine: uptime,
    start: startTidegauge.bind(undefined, { usage: 'runtime', hasReceiverSeries: false }),
  },
  same_series: {
    title: 'tidegauge, kernel, docker_stats’ series',
    isOurs: true,
    freshMetric: probes,
    containerLine: uptime,
    start: startTidegauge.bind(undefined, { usage: 'cgroup', hasReceiverSeries: true }),
  },
};
