// One piece, because it is a table: one row for each flag of cAdvisor.
import { showValue, didYouMean } from '../config/messages.ts';
import { cadvisorGroupNames } from '../config/settings/names.ts';
import { hostPart, portPart } from '../config/types/address.ts';
import { readDuration } from '../config/types/duration.ts';
import type { GivenValue } from '../config/candidate.ts';
import type { GoFlag } from './go-flags.ts';

/** The flags of one command line. */
type Values = ReadonlyMap<string, string>;

/** What a flag does: values of settings, lines for the log, mistakes. */
export interface Effect {
  readonly given?: readonly GivenValue[];
  readonly warnings?: readonly string[];
  readonly problems?: readonly string[];
}

/** One flag of cAdvisor. */
export interface CadvisorFlag extends GoFlag {
  /** What it does here, or why it has no meaning: one line without its full stop. */
  readonly here: string;
  /** @param all every flag of the command line. Absent: it has no meaning here, and its line says so in the log. */
  readonly effect?: (value: string, all: Values, written: string) => Effect;
}

/** cAdvisor's groups of metrics that are off unless they are asked for. */
export const offByDefault: readonly string[] = [
  'advtcp',
  'cpu_topology',
  'cpuset',
  'hugetlb',
  'memory_numa',
  'process',
  'referenced_memory',
  'resctrl',
  'sched',
  'tcp',
  'udp',
];

/** The groups of metrics that cAdvisor has on by default, as `--cadvisor-group` takes them. */
export const defaultGroups: string = groupsWithout(offByDefault);

/** Where it listens, and what it serves there. */
const serving: readonly CadvisorFlag[] = [
  {
    name: 'port',
    kind: 'int',
    here: 'the port of `--listen`; 8080 by default',
    effect: (value) => given('listen', 'port', value, portPart()),
  },
  {
    name: 'listen_ip',
    kind: 'string',
    here: 'the address of `--listen`; every interface by default',
    effect: (value) => givenUnlessEmpty('listen', 'listen_ip', value, hostPart()),
  },
  {
    name: 'url_base_prefix',
    kind: 'string',
    here: '`--path-prefix`; `/healthz` and `/readyz` are served without it too',
    effect: (value) => (/^\/?$/.test(value) ? {} : given('pathPrefix', 'url_base_prefix', value)),
  },
  {
    name: 'prometheus_endpoint',
    kind: 'string',
    here: '`--metrics-path`',
    effect: (value) => given('metricsPath', 'prometheus_endpoint', value),
  },
  ...(['http_auth_file', 'http_digest_file'] as const).map((name): CadvisorFlag => ({
    name,
    kind: 'string',
    here: '**refused**: the agent asks nobody for a password, and does not pretend to; leave the flag out, listen on 127.0.0.1 and put a proxy before it that does',
    effect: (value) => (value === '' ? {} : refused(name)),
  })),
];

function refused(name: string): Effect {
  const cure = 'leave the flag out, listen on 127.0.0.1 (--listen_ip) and put a proxy before it that does';
  return { problems: [`--${name}: the agent asks nobody for a password; ${cure}`] };
}

/** Runtimes and containers. */
const containers: readonly CadvisorFlag[] = [
  {
    name: 'docker',
    kind: 'string',
    here: '`--docker-url`; without it the runtime is found as the `docker` command finds it',
    effect: (value, all) =>
      value !== '' && all.get('podman')
        ? { problems: ['--docker with --podman: cAdvisor’s names leave room for one runtime; leave out one'] }
        : givenUnlessEmpty('dockerUrl', 'docker', value),
  },
  {
    name: 'podman',
    kind: 'string',
    here: '`--docker-url`, for Podman’s socket; not together with `--docker`',
    effect: (value, all) => (all.get('docker') ? {} : givenUnlessEmpty('dockerUrl', 'podman', value)),
  },
  {
    name: 'docker-tls',
    kind: 'bool',
    here: 'TLS to the runtime with the three files; `--docker-tls-ca`, `--docker-tls-cert`, `--docker-tls-key`',
    effect: (value, all) => (value === 'true' ? { given: tlsFiles(all) } : {}),
  },
  ...(['docker-tls-ca', 'docker-tls-cert', 'docker-tls-key'] as const).map((name): CadvisorFlag => ({
    name,
    kind: 'string',
    here: 'the file for `--docker-tls`, without which it does nothing, as in cAdvisor',
    effect: (_value, all) =>
      all.get('docker-tls') === 'true' ? {} : { warnings: [`--${name}: does nothing without --docker-tls`] },
  })),
  {
    name: 'docker_only',
    kind: 'bool',
    here: '`--cgroup-rows`: besides containers `root` alone; with `=false`, as without the flag, `slices`; services never',
    effect: (value, all) =>
      all.get('disable_root_cgroup_stats') === 'true'
        ? {}
        : given('cgroupRows', 'docker_only', value === 'true' ? 'root' : 'slices'),
  },
  {
    name: 'disable_root_cgroup_stats',
    kind: 'bool',
    here: '`--cgroup-rows none`: containers alone',
    effect: (value) => (value === 'true' ? given('cgroupRows', 'disable_root_cgroup_stats', 'none') : {}),
  },
];

function tlsFiles(all: Values): readonly GivenValue[] {
  const file = (key: string, flag: string, byDefault: string): GivenValue => ({
    key,
    name: all.has(flag) ? `--${flag}` : '--docker-tls',
    raw: all.get(flag) ?? byDefault,
  });
  return [
    file('dockerTlsCa', 'docker-tls-ca', 'ca.pem'),
    file('dockerTlsCert', 'docker-tls-cert', 'cert.pem'),
    file('dockerTlsKey', 'docker-tls-key', 'key.pem'),
  ];
}

/** cAdvisor has the first win, and the second for Docker's containers. */
const envFlags = [
  'env_metadata_whitelist',
  'docker_env_metadata_whitelist',
  'containerd_env_metadata_whitelist',
] as const;

/** Metrics, and the labels of their series. */
const metrics: readonly CadvisorFlag[] = [
  {
    name: 'enable_metrics',
    kind: 'string',
    here: '`--cadvisor-group`: these groups alone, whatever `--disable_metrics` says',
    effect: (value) => groups('enable_metrics', value, (names) => names.join()),
  },
  {
    name: 'disable_metrics',
    kind: 'string',
    here: '`--cadvisor-group`: all groups but these',
    effect: (value, all) =>
      all.get('enable_metrics') ? {} : groups('disable_metrics', value, groupsWithout),
  },
  {
    name: 'store_container_labels',
    kind: 'bool',
    here: '`--cadvisor-label`: all (the default), or with `=false` those of `--whitelisted_container_labels`',
    effect: (value, all) =>
      value === 'true'
        ? {}
        : given('cadvisorLabel', 'store_container_labels', listed(all.get(labelFlag)) || 'none'),
  },
  {
    name: 'whitelisted_container_labels',
    kind: 'string',
    here: 'the labels for `--store_container_labels=false`, without which it does nothing, as in cAdvisor',
    effect: (_value, all) =>
      all.get('store_container_labels') === 'false'
        ? {}
        : { warnings: [`--${labelFlag}: does nothing without --store_container_labels=false`] },
  },
  ...envFlags.map((name, index): CadvisorFlag => ({
    name,
    kind: 'string',
    here: '`--cadvisor-env`: variables whose names begin so become labels `container_env_*`; of these flags the first that is given counts',
    effect(value, all) {
      const stronger = envFlags.slice(0, index).find((each) => listed(all.get(each)) !== '');
      if (listed(value) === '' || stronger === undefined)
        return givenUnlessEmpty('cadvisorEnv', name, listed(value));
      return { warnings: [`--${name}: does nothing beside --${stronger}`] };
    },
  })),
];

const labelFlag = 'whitelisted_container_labels';

/** A list without what is empty in it. */
function listed(text = ''): string {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .join();
}

function groups(name: string, value: string, chosen: (names: readonly string[]) => string): Effect {
  const names = value === '' ? [] : value.split(',');
  if (names.length === 0) return name === 'enable_metrics' ? {} : given('cadvisorGroup', name, 'all');
  const known: readonly string[] = cadvisorGroupNames;
  const strange = names.filter((each) => !known.includes(each));
  if (strange.length === 0) return given('cadvisorGroup', name, chosen(names) || 'none');
  const expected = `expected some of ${known.join(', ')}`;
  return {
    problems: strange.map((each) => `--${name} ${showValue(each)}: ${expected}${didYouMean(each, known)}`),
  };
}

function groupsWithout(names: readonly string[]): string {
  return cadvisorGroupNames.filter((name) => !names.includes(name)).join();
}

/** Rounds of measuring, and the log. */
const working: readonly CadvisorFlag[] = [
  {
    name: 'housekeeping_interval',
    kind: 'duration',
    here: '`--min-probe-interval`: containers are measured when a scrape asks for it, and a sample younger than half of this (1s at least) is shared; without the flag one younger than 1s',
    effect(value, _all, written) {
      const read = Number(value) < 0 ? 'expected 0 or more' : readDuration(Number(value), 0);
      return typeof read === 'string'
        ? { problems: [`--housekeeping_interval ${showValue(written)}: ${read}`] }
        : given('minProbeIntervalMillis', 'housekeeping_interval', `${Math.max(1_000, read / 2)}ms`);
    },
  },
  {
    name: 'allow_dynamic_housekeeping',
    kind: 'bool',
    here: 'containers are measured when a scrape asks for it, idle ones too; `=true` is warned of',
    effect: unlessAlways(
      'allow_dynamic_housekeeping',
      'false',
      'idle containers are measured as often as others',
    ),
  },
  {
    name: 'logtostderr',
    kind: 'bool',
    here: 'the log goes to standard error; `=false` is warned of',
    effect: unlessAlways('logtostderr', 'true', 'the log goes to standard error, as JSON lines'),
  },
  {
    name: 'v',
    kind: 'int',
    here: '`--log-level`: 4 and 5 are `debug`, more is `trace`',
    effect: (value) =>
      Number(value) < 4 ? {} : given('logLevel', 'v', Number(value) < 6 ? 'debug' : 'trace'),
  },
];

type Row = readonly [name: string, kind: GoFlag['kind'], here?: string];

const noStore =
  'there are no storage drivers; a Collector at `OTEL_EXPORTER_OTLP_ENDPOINT` writes to the store';
const noApplications = 'metrics of applications are not collected; Prometheus scrapes them itself';
const noEventStore = 'events are not stored; `/api/v1/events` streams them';
const oneRound = 'all containers are measured in one round';
const stderrAlone = 'the log goes to standard error, as JSON lines, and nowhere else';
const noContainerd = 'containers are found through Docker or Podman';
const noMachineId = 'the ids of the machine are read beside the host’s `/proc`, or at the same path';

/** Flags of cAdvisor that are accepted and have no meaning here: the line of each goes to the log. */
const unusedFlags: readonly CadvisorFlag[] = [
  ...rows('cgroups besides containers are chosen by `--cgroup-rows`', [
    ['raw_cgroup_prefix_whitelist', 'string'],
  ]),
  ...rows(noContainerd, [
    ['containerd', 'string'],
    ['containerd-namespace', 'string'],
    ['crio_client_timeout', 'duration'],
  ]),
  ...rows('containers of Mesos are not measured', [
    ['mesos_agent', 'string'],
    ['mesos_agent_timeout', 'duration'],
  ]),
  ...rows(oneRound, [
    ['initial_splay_factor', 'float'],
    ['jitter_factor', 'float'],
  ]),
  ...rows(noMachineId, [
    ['machine_id_file', 'string'],
    ['boot_id_file', 'string'],
  ]),
  ...rows('', [
    ['http_auth_realm', 'string', 'the agent asks nobody for a password'],
    ['http_digest_realm', 'string', 'the agent asks nobody for a password'],
    ['docker_root', 'string', 'the runtime is asked where it keeps its data'],
    ['container_hints', 'string', 'all that is known of a container comes from its runtime and the kernel'],
    [
      'global_housekeeping_interval',
      'duration',
      'containers are found by the runtime’s events, and by a list once a minute',
    ],
    [
      'max_housekeeping_interval',
      'duration',
      'idle containers are measured as often as others, and a scrape is never older than half of --housekeeping_interval',
    ],
    ['update_machine_info_interval', 'duration', 'the runtime is asked of its machine whenever it is found'],
    ['storage_duration', 'duration', 'no history is kept, which is what Prometheus is for'],
    ['log_cadvisor_usage', 'bool', 'the agent’s own usage is among its metrics'],
    ['max_procs', 'int', 'the agent works in one thread'],
    ['profiling', 'bool', 'no profiles are served'],
    ['enable_load_reader', 'bool', 'no load averages of containers are read'],
    ['perf_events_config', 'string', 'perf events take a privilege that the agent does not ask for'],
    ['resctrl_interval', 'duration', 'the CPU’s resctrl takes a privilege that the agent does not ask for'],
    [
      'referenced_reset_interval',
      'uint',
      'referenced memory is not read, since the kernel would have to clear the page bits of every process',
    ],
  ]),
  ...rows(noApplications, [
    ['application_metrics_count_limit', 'int'],
    ['collector_cert', 'string'],
    ['collector_key', 'string'],
  ]),
  ...rows(noEventStore, [
    ['event_storage_age_limit', 'string'],
    ['event_storage_event_limit', 'string'],
  ]),
  ...rows(noStore, [
    ['storage_driver', 'string'],
    ['storage_driver_buffer_duration', 'duration'],
    ['storage_driver_db', 'string'],
    ['storage_driver_es_enable_sniffer', 'bool'],
    ['storage_driver_es_host', 'string'],
    ['storage_driver_es_index', 'string'],
    ['storage_driver_es_type', 'string'],
    ['storage_driver_host', 'string'],
    ['storage_driver_influxdb_retention_policy', 'string'],
    ['storage_driver_kafka_broker_list', 'string'],
    ['storage_driver_kafka_ssl_ca', 'string'],
    ['storage_driver_kafka_ssl_cert', 'string'],
    ['storage_driver_kafka_ssl_key', 'string'],
    ['storage_driver_kafka_ssl_verify', 'bool'],
    ['storage_driver_kafka_topic', 'string'],
    ['storage_driver_password', 'string'],
    ['storage_driver_secure', 'bool'],
    ['storage_driver_table', 'string'],
    ['storage_driver_user', 'string'],
    ['bq_account', 'string'],
    ['bq_credentials_file', 'string'],
    ['bq_id', 'string'],
    ['bq_project_id', 'string'],
    ['bq_secret', 'string'],
  ]),
  ...rows(stderrAlone, [
    ['add_dir_header', 'bool'],
    ['alsologtostderr', 'bool'],
    ['log_backtrace_at', 'string'],
    ['log_dir', 'string'],
    ['log_file', 'string'],
    ['log_file_max_size', 'uint'],
    ['one_output', 'bool'],
    ['skip_headers', 'bool'],
    ['skip_log_headers', 'bool'],
    ['stderrthreshold', 'string'],
    ['vmodule', 'string'],
  ]),
];

function rows(common: string, flags: readonly Row[]): readonly CadvisorFlag[] {
  return flags.map(([name, kind, here = common]) => ({ name, kind, here }));
}

/** Every flag of cAdvisor's program, those of its libraries among them, but for `--version`. */
export const cadvisorFlags: readonly CadvisorFlag[] = [
  ...serving,
  ...containers,
  ...metrics,
  ...working,
  ...unusedFlags,
];

function given(key: string, flag: string, raw: string, type?: GivenValue['type']): Effect {
  return { given: [{ key, name: `--${flag}`, raw, ...(type && { type }) }] };
}

/** As in cAdvisor, where an empty text is the same as no flag. */
function givenUnlessEmpty(key: string, flag: string, raw: string, type?: GivenValue['type']): Effect {
  return raw === '' ? {} : given(key, flag, raw, type);
}

/** The agent does it always: another value has no meaning. */
function unlessAlways(name: string, always: string, line: string): NonNullable<CadvisorFlag['effect']> {
  return (value) =>
    value === always ? {} : { warnings: [`--${name}=${value} has no meaning here: ${line}`] };
}
