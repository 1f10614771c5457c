import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A road through the code: which files see it, in order, and how many there may be. */
interface Walk {
  readonly title: string;
  /** A walk that becomes longer is an error. */
  readonly maxFiles: number;
  readonly legs: readonly (readonly [does: string, ...files: string[]])[];
}

const probe: Walk['legs'] = [
  [
    'a reader collects, and the tracker sets update behind their locks',
    'export/container-producer',
    'export/observe-containers',
    'tracker/trackers',
    'tracker/tracker-set',
    'tracker/update-lock',
  ],
  [
    'the probe lists, reconciles and asks for usage',
    'tracker/source-state',
    'tracker/source-calls',
    'tracker/reconciler',
    'tracker/container-list',
    'tracker/selection',
    'concurrency/adaptive-pool',
    'concurrency/queues',
    'tracker/container/container-tracker',
    'tracker/container/inspection',
    'concurrency/cancellation',
  ],
  [
    'bytes become a sample',
    'sources/docker/docker-source',
    'sources/docker/docker-client',
    'sources/http/keep-alive-client',
    'sources/http/response-parser',
    'sources/bounded-json',
    'sources/json',
    'sources/docker/stats',
    'model/sample',
  ],
  [
    'the sample is held with the starts of its counters',
    'tracker/container/counter-history',
    'tracker/container/start-times',
  ],
  [
    'a snapshot is observed by the instruments',
    'tracker/events/event-counter',
    'model/snapshot',
    'export/entity',
    'metrics/semconv/cpu-io',
    'metrics/formulas',
  ],
];

/** The walks of the architecture page. */
const walks: readonly Walk[] = [
  {
    title: 'A stats response to an OTLP point',
    maxFiles: 35,
    legs: [
      ...probe,
      [
        'the exporter adds what ended, makes batches, encodes and sends them',
        'export/otlp/otlp-exporter',
        'export/otlp/ended-series',
        'export/otlp/requests',
        'export/otlp/transport',
      ],
    ],
  },
  {
    title: 'A stats response to a line of `/metrics`',
    maxFiles: 42,
    legs: [
      [
        'a scrape comes in, and shares its collection with those that wait already',
        'http/http-server',
        'http/metrics-route',
        'export/prometheus/scrape-source',
        'concurrency/shared-run',
        'concurrency/shared-bytes',
      ],
      ...probe,
      [
        'families are written one by one',
        'export/prometheus/exposition',
        'metrics/prometheus-names',
        'export/prometheus/labels',
        'export/prometheus/text-format',
      ],
    ],
  },
  {
    title: 'One event',
    maxFiles: 20,
    legs: [
      [
        'a line of the stream becomes an event',
        'sources/http/keep-alive-client',
        'sources/docker/docker-client',
        'sources/response-limits',
        'sources/docker/events',
        'sources/docker/docker-source',
      ],
      [
        'it is joined to its container once',
        'tracker/events/event-stream',
        'tracker/event-refresher',
        'tracker/container-list',
        'tracker/events/event-counter',
      ],
      ['who wants events gets it', 'agent/signals', 'live/event-feed', 'export/logs/event-logs'],
      [
        'its container is inspected, and measured if it runs',
        'tracker/event-refresher',
        'concurrency/queues',
        'tracker/update-lock',
        'tracker/reconciler',
        'concurrency/adaptive-pool',
        'tracker/container/container-tracker',
      ],
    ],
  },
  {
    title: 'One setting, `--min-probe-interval`',
    maxFiles: 15,
    legs: [
      ['the command line is read', 'main', 'cli/program', 'cli/command-line'],
      [
        'flag, variables and file are weighed, the value is parsed, and what is missing is worked out',
        'config/load-config',
        'config/config-file',
        'config/candidate',
        'config/settings/settings',
        'config/settings/setting',
        'config/settings/containers',
        'config/types/duration',
      ],
      [
        'the agent hands it to the lock of each tracker set',
        'cli/commands/run',
        'agent/agent',
        'agent/trackers',
        'tracker/tracker-set',
        'tracker/update-lock',
      ],
    ],
  },
];

/** All walks in Markdown, each with its number of files. Throws where a file is gone, nothing leads to it, or a walk is too long. */
export function walksMarkdown(repository: string): string {
  return walks.map((walk) => walkMarkdown(walk, join(repository, 'src'))).join('\n\n');
}

function walkMarkdown({ title, maxFiles, legs }: Walk, root: string): string {
  const files = new Set(legs.flatMap(([, ...names]) => names.map((name) => `${name}.ts`)));
  const missing = [...files].filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0) throw new Error(`${title}: no file ${missing.join(', ')}`);
  const apart = filesApart([...files], root);
  if (apart.length > 0) throw new Error(`${title}: no import leads to ${apart.join(', ')}`);
  if (files.size > maxFiles) throw new Error(`${title}: ${files.size} files, more than ${maxFiles}`);
  const lines = legs.map(([does, ...names], index) => {
    return `${index + 1}. ${does}: ${names.map((name) => `\`${name}\``).join(' → ')}`;
  });
  return [`### ${title}: ${files.size} files`, '', ...lines].join('\n');
}

/** Files that neither import another of the walk, nor are imported, nor share a type of the model with one. */
function filesApart(files: readonly string[], root: string): string[] {
  const imports = new Map(files.map((file) => [file, importsOf(file, root)]));
  const isJoined = (one: string, other: string): boolean => {
    const [of, and] = [imports.get(one), imports.get(other)];
    if (of === undefined || and === undefined) return false;
    return (
      of.has(other) || and.has(one) || [...of].some((each) => each.startsWith('model/') && and.has(each))
    );
  };
  return files.filter((file) => !files.some((other) => other !== file && isJoined(file, other)));
}

function importsOf(file: string, root: string): ReadonlySet<string> {
  const found = readFileSync(join(root, file), 'utf8').matchAll(/(?:from |import\()'(\.[^']*)'/g);
  return new Set([...found].map(([, path = '']) => join(dirname(file), path)));
}
