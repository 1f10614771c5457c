import { dockerUrl } from '../types/address.ts';
import { attributeRule } from '../types/attribute-rule.ts';
import { duration } from '../types/duration.ts';
import { listOf } from '../types/list-of.ts';
import { oneOf } from '../types/one-of.ts';
import { splitPatterns } from '../types/pattern.ts';
import { apiVersion, boolean, integer, text } from '../types/scalars.ts';
import { selectionRule, splitRules } from '../types/selection-rule.ts';
import { presetNames, usageSources } from './names.ts';
import type { KnownValues, SettingTable } from './setting.ts';

/** Settings of runtimes and of the connections to them. */
export const dockerSettings = {
  dockerUrl: {
    type: listOf(dockerUrl()).optional(),
    defaultText: 'DOCKER_HOST, the Docker context, rootless and Podman sockets, unix:///var/run/docker.sock',
    group: 'Runtime',
    help: 'Runtime to measure (unix, tcp, http, https, ssh, npipe); may be repeated',
    example: 'unix:///var/run/docker.sock',
    isRepeatable: true,
  },
  dockerTlsCa: {
    type: text('a file').optional(),
    defaultText: 'ca.pem in DOCKER_CERT_PATH',
    group: 'Runtime',
    help: "Certificate authority of the runtime's certificate",
    example: '/etc/tidegauge/ca.pem',
    isPem: true,
  },
  dockerTlsCert: {
    type: text('a file').optional(),
    defaultText: 'cert.pem in DOCKER_CERT_PATH',
    group: 'Runtime',
    help: 'Client certificate shown to the runtime',
    example: '/etc/tidegauge/cert.pem',
    isPem: true,
  },
  dockerTlsKey: {
    type: text('a file').optional(),
    defaultText: 'key.pem in DOCKER_CERT_PATH',
    group: 'Runtime',
    help: 'Key of the client certificate',
    example: '/etc/tidegauge/key.pem',
    isPem: true,
  },
  dockerTlsVerify: {
    type: boolean().optional(),
    defaultText: 'as DOCKER_TLS_VERIFY or the Docker context has it where no file is named above, else true',
    group: 'Runtime',
    help: "Verify the runtime's certificate",
    example: 'false',
  },
  dockerApiVersion: {
    type: apiVersion().optional(),
    defaultText: 'negotiated',
    group: 'Runtime',
    help: 'Version of the Docker API to use',
    example: '1.41',
  },
  replay: {
    type: text('a folder').optional(),
    defaultText: 'none',
    group: 'Runtime',
    help: 'Measure a runtime that replays the recorded responses of this folder instead of a real one',
    example: '/var/lib/recordings/monday',
  },
  demo: {
    type: boolean(),
    default: 'false',
    group: 'Runtime',
    help: 'Measure a simulated runtime instead of a real one',
    example: 'true',
  },
  demoContainers: {
    type: integer(0, 100_000),
    default: '12',
    group: 'Runtime',
    help: 'Number of containers of the simulated runtime; the 12 of its story are always there',
    example: '1000',
  },
  demoSeed: {
    type: integer(0, 2 ** 32 - 1),
    default: '1',
    group: 'Runtime',
    help: 'Seed of the simulated runtime: the same seed, the same containers',
    example: '42',
  },
} as const satisfies SettingTable;

/** Settings of where usage is read. */
export const usageSettings = {
  usageSource: {
    type: oneOf(usageSources),
    default: 'auto',
    group: 'Runtime',
    help: "Where usage is read: the kernel's cgroup files, the runtime's API, or (auto) the files where they can be read and the API for the rest",
    example: 'runtime',
  },
  cgroupRoot: {
    type: text('a folder').optional(),
    defaultText: '/host/sys/fs/cgroup or /rootfs/sys/fs/cgroup where it is mounted, else /sys/fs/cgroup',
    group: 'Runtime',
    help: "The host's cgroup tree",
    example: '/host/sys/fs/cgroup',
  },
  procRoot: {
    type: text('a folder').optional(),
    defaultText: '/host/proc or /rootfs/proc where it is mounted, else /proc',
    group: 'Runtime',
    help: "The host's /proc",
    example: '/host/proc',
  },
  sysRoot: {
    type: text('a folder').optional(),
    defaultText: '/host/sys or /rootfs/sys where it is mounted, else /sys',
    group: 'Runtime',
    help: "The host's /sys, for the names of devices",
    example: '/host/sys',
  },
} as const satisfies SettingTable;

/** Settings of the selection, and of attributes made of labels and environment. */
export const selectionSettings = {
  include: {
    type: listOf(selectionRule(), splitRules).optional(),
    defaultText: 'every container',
    group: 'Containers',
    help: 'Measure only these: name=, image=, label= or state= and a name, glob or /regex/',
    example: 'name=web-*',
    isRepeatable: true,
  },
  exclude: {
    type: listOf(selectionRule(), splitRules).optional(),
    defaultText: 'none',
    group: 'Containers',
    help: 'Leave these out, also where they are included; written as --include',
    example: 'image=/^registry\\.local\\//,label=env=dev,state=exited',
    isRepeatable: true,
  },
  enableByDefault: {
    type: boolean(),
    default: 'true',
    group: 'Containers',
    help: 'Measure containers without a label tidegauge.enable of true or false',
    example: 'false',
  },
  stoppedContainers: {
    type: boolean(),
    default: 'true',
    group: 'Containers',
    help: 'Publish state and exit code of containers that do not run',
    example: 'false',
  },
  labelAttribute: rules('Labels that become attributes of the container: PATTERN or PATTERN=NAME', {
    example: 'com.example.team=team,/^com\\.example\\.(.+)$/=example.$1',
  }),
  envAttribute: rules('Environment variables that become attributes of the container', {
    example: 'APP_VERSION=app.version',
  }),
  labelPointAttribute: rules('Labels that become attributes of each data point, a label of each series', {
    example: 'com.docker.compose.project=project',
  }),
  envPointAttribute: rules('Environment variables that become attributes of each data point', {
    example: 'STAGE=stage',
  }),
  attributeValueLimit: {
    type: integer(1, 1_000_000),
    default: '1000',
    group: 'Containers',
    help: 'Values that one attribute made of labels or variables may have at a time; further ones are left out',
    example: '200',
  },
  preset: {
    type: listOf(oneOf([...presetNames, 'none'])).refine(
      (names) => names.length === 1 || !names.includes('none'),
      { error: 'none excludes every preset' },
    ),
    default: presetNames.join(),
    group: 'Containers',
    help: `Labels of these become attributes by themselves: ${presetNames.join(', ')}, or none`,
    example: 'compose,oci',
    isRepeatable: true,
  },
} as const satisfies SettingTable;

function rules(help: string, { example }: { readonly example: string }) {
  return {
    type: listOf(attributeRule(), splitPatterns).optional(),
    defaultText: 'none',
    group: 'Containers',
    help,
    example,
    isRepeatable: true,
  } as const;
}

/** Settings of probes: intervals and time-outs. */
export const probeSettings = {
  intervalMillis: {
    type: duration(100),
    default: '10s',
    group: 'Probing',
    help: 'Time between two exports, and so between two probes',
    example: '30s',
    otelVariables: [{ name: 'OTEL_METRIC_EXPORT_INTERVAL' }],
  },
  minProbeIntervalMillis: {
    type: duration(0),
    default: shareOfInterval,
    defaultText: 'half the interval, 1s at least',
    group: 'Probing',
    help: 'A probe younger than this is shared by all who ask',
    example: '2s',
    maxKey: 'intervalMillis',
  },
  probeTimeoutMillis: {
    type: duration(100),
    default: '2m',
    group: 'Probing',
    help: 'A probe is aborted after this',
    example: '1m',
  },
  inlineTimeoutMillis: {
    type: duration(100),
    default: '20s',
    group: 'Probing',
    help: 'A scrape waits this long for a probe, then gets what there is; a push no longer than half its interval',
    example: '5s',
    maxKey: 'probeTimeoutMillis',
  },
  callTimeoutMillis: {
    type: duration(100),
    default: '30s',
    group: 'Probing',
    help: 'One call to a runtime is aborted after this',
    example: '10s',
    maxKey: 'probeTimeoutMillis',
  },
  diskUsageIntervalMillis: {
    type: duration(0).refine((millis) => millis === 0 || millis >= 10_000, {
      error: 'expected at least 10s, or 0 for never',
    }),
    default: '10m',
    group: 'Probing',
    help: 'Time between two measurements of disk usage, which a runtime may take minutes for; 0: never',
    example: '1h',
  },
} as const satisfies SettingTable;

/** Minimum of the default: a sample of every container each time is work for the runtime. */
const minMillis = 1000;

/** A scrape and a push of one interval, however far apart, are never both later than this: they share one probe. */
function shareOfInterval({ intervalMillis }: KnownValues): string {
  return `${Math.max(minMillis, intervalMillis / 2)}ms`;
}
