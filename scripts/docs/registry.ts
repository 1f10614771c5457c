import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { stringify } from 'yaml';
import { wholeCatalogue } from '../../src/metrics/catalogue.ts';
import { metricRows, type MetricRow, nameReason } from '../../src/metrics/listing.ts';
import { agentMetrics } from './agent-metrics.ts';
import { ownAttributes, type OwnAttribute } from './registry-attributes.ts';

const conventions = new Set<unknown>(Object.values({ ...stable, ...incubating }));
const stability = 'development';

/** Metrics whose attributes describe an entity: unknown ones are left out. */
const infoMetrics: readonly string[] = ['container.info', 'container.runtime.info'];

/** Every metric of our own: what neither the conventions nor a peer have named. */
async function ownMetrics(): Promise<readonly MetricRow[]> {
  const rows = [...metricRows(wholeCatalogue(['semconv'])), ...(await agentMetrics())];
  return rows.filter((row) => !conventions.has(row.name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The registry of our own names, in the YAML of the conventions' own: groups of attributes and of metrics. */
export async function registryYaml(): Promise<string> {
  const metrics = await ownMetrics();
  const groups = [attributeGroup(metrics), ...metrics.map(metricGroup)];
  const text = stringify({ groups }, { lineWidth: 0, singleQuote: true });
  return `# Generated: npm run docs. The names that Tidegauge adds to the OpenTelemetry semantic conventions.\n${text}`;
}

/** Reasons for the names of our own metrics, as a page. */
export async function namesPage(): Promise<string> {
  const rows = (await ownMetrics()).filter(({ name }) => !name.startsWith('tidegauge.'));
  const lines = rows.map(({ name }) => `| \`${name}\` | ${nameReason(name)} |`);
  return [
    '# Names that the conventions lack',
    '',
    'Generated: `npm run docs`. Each follows the nearest pattern of the OpenTelemetry semantic conventions, or the word of the kernel or the runtime where there is none. What is about the agent itself begins with `tidegauge.`, as the conventions ask of a program. [registry.yaml](registry.yaml) has all of them in the format of the conventions.',
    '',
    '<!-- prettier-ignore -->',
    '| metric | its name is |',
    '| --- | --- |',
    ...lines,
    '',
    '## Where we depart from the conventions',
    '',
    ...departures.flatMap(([what, why]) => [`- **${what}** ${why}`]),
    '',
  ].join('\n');
}

/** Deviations from the conventions and the Prometheus compatibility specification, with their reasons. */
const departures: readonly (readonly [what: string, why: string])[] = [
  [
    '`container.cpu.usage` has no `cpu.mode`.',
    'It is one value for each container: what people watch, and compare with a limit. The conventions ask for modes where the runtime knows them, but without a point for the whole; and on cgroup v1 modes come in steps of 10 ms, too coarse for a rate. `container.cpu.time` has the modes.',
  ],
  [
    '`container.filesystem.usage` is of the writable layer alone.',
    'That is what a runtime measures of each container, on the slow schedule of `--disk-usage-interval`; volumes and logs are beside it.',
  ],
  [
    'In Prometheus, no `otel_scope_*` labels.',
    'All metrics have the one scope `tidegauge`: the labels would make every series longer and distinguish nothing. The specification lets them be switched off.',
  ],
  [
    'In Prometheus, who a container is stands on its series, not on `target_info`.',
    'One target has many containers: `container_name` and `container_id` are labels of every series, all else is on `container_info`, to be joined. `target_info` is of the agent itself.',
  ],
  [
    '`system.device` is `major:minor` where usage is read by the runtime’s API.',
    'That is what the kernel counts by, and all that a runtime knows of a device; by the kernel’s files it is a name such as `sda`.',
  ],
];

function attributeGroup(metrics: readonly MetricRow[]): object {
  const used = new Set(metrics.flatMap(({ attributes }) => attributes));
  // The conventions have a template for labels: container.label.<key>.
  const isTheirs = (key: string): boolean => conventions.has(key) || key.startsWith('container.label.');
  const own = [...used].filter((key) => !isTheirs(key)).toSorted();
  return {
    id: 'registry.tidegauge',
    type: 'attribute_group',
    display_name: 'Attributes of Tidegauge',
    brief: 'Attributes that Tidegauge adds to the conventions.',
    attributes: own.map((key) => attribute(key, ownAttributes[key])),
  };
}

function attribute(id: string, own: OwnAttribute | undefined): object {
  if (!own) throw new Error(`nobody said what the attribute ${id} is`);
  const { brief, members, examples } = own;
  const values = members?.map((value) => ({ id: value.replaceAll('-', '_'), value, stability }));
  return {
    id,
    type: values ? { members: values } : 'string',
    brief,
    ...(examples && { examples }),
    stability,
  };
}

function metricGroup(row: MetricRow): object {
  const { name, kind, unit, description, absentWhen, isOn, attributes } = row;
  const reason = nameReason(name);
  if (reason === undefined) throw new Error(`nobody said why ${name} is called so`);
  const note = [
    `Its name is ${reason}.`,
    ...(absentWhen ? [`Absent when ${absentWhen}.`] : []),
    ...(isOn ? [] : ['Off by default.']),
  ];
  return {
    id: `metric.${name}`,
    type: 'metric',
    metric_name: name,
    brief: `${description}.`,
    note: note.join(' '),
    instrument: kind,
    unit,
    stability,
    ...(attributes.length > 0 && {
      attributes: attributes.map((ref) => ({ ref, requirement_level: requirementLevel(name, ref) })),
    }),
  };
}

function requirementLevel(metric: string, key: string): string | object {
  if (infoMetrics.includes(metric) && key !== 'container.runtime.endpoint') return 'recommended';
  if (key === 'system.device')
    return { conditionally_required: 'If the runtime counts by device, which Windows does not.' };
  return 'required';
}
