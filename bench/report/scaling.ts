import { agentKinds } from '../agents/kinds.ts';
import type { Measurement } from '../measurement.ts';
import type { BackendValues, Result } from '../results.ts';
import { fitLine } from './fit.ts';
import type { Line, Point } from './fit.ts';
import { windowsOf } from './select.ts';
import { spreadOf } from './spread.ts';
import { markdownTable } from './tables.ts';

const agents = ['kernel', 'api'] as const;
const secondsPerDay = 86_400;
/** Data points a second for one CPU of a gateway Collector (Splunk, "Sizing and scaling"). */
const documentedGatewayPoints = 20_000;
/** Samples a second for one core and 1 GB of a Mimir distributor (grafana.com, "Planning Grafana Mimir capacity"). */
const documentedDistributorSamples = 25_000;

type Quantity = readonly [title: string, digits: number, valueOf: (measurement: Measurement) => number];

const quantities: readonly Quantity[] = [
  ['agent CPU ms a cycle', 1, ({ cpuPerCycle }) => 1000 * cpuPerCycle.agent],
  ['RSS MiB max', 0, ({ residentMebibytes }) => residentMebibytes.max],
  ['series', 0, ({ series }) => series],
  ['page KiB (gzip)', 0, ({ scrapeBytes }) => scrapeBytes / 1024],
  ['scrape ms', 0, ({ scrapeMillis }) => spreadOf(scrapeMillis)?.median ?? Number.NaN],
];

/** Cost by number of containers with a line fitted to it, and what fleets need; empty without measurements of either. */
export function renderScaling(results: readonly Result[]): string {
  const tables = agents.map((agent) => costTable(results, agent));
  const last = results
    .flatMap((each) => (each.backends ? [{ ...each, backends: each.backends }] : []))
    .at(-1);
  const parts = [...tables, ...(last ? [backendTable(last.backends), fleetTable(last)] : [])];
  return parts.filter((text) => text !== '').join('\n\n');
}

function costTable(results: readonly Result[], agent: 'kernel' | 'api'): string {
  const windows = windowsOf(results, { part: 'scaling', runtime: 'simulated', agent });
  if (windows.length === 0) return '';
  const sizes = [...Map.groupBy(windows, ({ step }) => step.containers)].toSorted(([a], [b]) => a - b);
  const pointsOf = ([, , valueOf]: Quantity): readonly Point[] =>
    sizes.map(([size, each]) => ({
      size,
      value: spreadOf(each.map(({ measurement }) => valueOf(measurement)))?.median ?? Number.NaN,
    }));
  const columns = quantities.map(pointsOf);
  const rows = sizes.map(([size, each], index) => [
    size.toLocaleString('en'),
    `${each.reduce((sum, { measurement }) => sum + measurement.completed, 0)}/${each.reduce((sum, { step }) => sum + step.cycles, 0)}`,
    ...quantities.map(([, digits], column) => numberText(columns[column]?.[index]?.value, digits)),
  ]);
  const lines = columns.map((points) => fitLine(points));
  return [
    `### ${agentKinds[agent].title}`,
    '',
    markdownTable(
      ['containers', 'cycles', ...quantities.map(([title]) => title)],
      [
        ...rows,
        ['fixed', '', ...lines.map((line) => numberText(line?.fixed, 2))],
        ['per container', '', ...lines.map((line) => numberText(line?.perUnit, 4))],
        ['per 1,000 series', '', ...lines.map((line) => perThousandSeries(line, lines[2]))],
        [
          'largest error of the line',
          '',
          ...lines.map((line) => (line ? `${(100 * line.worst).toFixed(0)} %` : '–')),
        ],
      ],
    ),
  ].join('\n');
}

function perThousandSeries(line: Line | undefined, series: Line | undefined): string {
  return line && series ? numberText((1000 * line.perUnit) / series.perUnit, 2) : '–';
}

function backendTable(values: BackendValues): string {
  const { seconds, points, pushedBytes, scrapes, scrapedSeries, scrapedBytes, collector, prometheus } =
    values;
  const samples = scrapes * scrapedSeries;
  return [
    '### What receives',
    '',
    markdownTable(
      [
        'what',
        'a second',
        'CPU of one core',
        'a second for one core',
        'RSS MiB',
        'bytes a point or sample (gzip)',
      ],
      [
        [
          'Collector, OTLP in and out',
          numberText(points / seconds, 0),
          `${((100 * collector.cpuSeconds) / seconds).toFixed(1)} %`,
          numberText(points / collector.cpuSeconds, 0),
          numberText(collector.residentMebibytes, 0),
          numberText(pushedBytes / points, 1),
        ],
        [
          'Prometheus, one target',
          numberText(samples / seconds, 0),
          `${((100 * prometheus.cpuSeconds) / seconds).toFixed(1)} %`,
          numberText(samples / prometheus.cpuSeconds, 0),
          numberText(prometheus.residentMebibytes, 0),
          numberText(scrapedBytes / scrapedSeries, 1),
        ],
      ],
    ),
  ].join('\n');
}

const fleets = [
  [1, 50],
  [10, 50],
  [10, 200],
  [100, 50],
  [100, 200],
  [1000, 100],
] as const;

function fleetTable({ step, backends }: Result & { readonly backends: BackendValues }): string {
  const { containers, intervalSeconds } = step;
  const { seconds, points, pushedBytes, collector, prometheus, scrapes, scrapedSeries: series } = backends;
  // By the time and not by the number of pushes, which a busy machine draws apart.
  const pointsPerContainer = points / (seconds / intervalSeconds) / containers;
  const bytesPerPoint = pushedBytes / points;
  const [perCollector, perPrometheus] = [
    points / collector.cpuSeconds,
    (scrapes * series) / prometheus.cpuSeconds,
  ];
  const rows = fleets.flatMap(([nodes, perNode]) =>
    [10, 30].map((interval) => {
      const all = nodes * perNode;
      const rate = (all * pointsPerContainer) / interval;
      const sampleRate = (all * series) / containers / interval;
      return [
        `${nodes.toLocaleString('en')} × ${perNode}`,
        `${interval} s`,
        numberText((all * series) / containers, 0),
        numberText(rate, 0),
        `${numberText((rate * bytesPerPoint * secondsPerDay) / 1e9, 2)} GB`,
        `${numberText(rate / perCollector, 2)} / ${numberText(rate / documentedGatewayPoints, 2)}`,
        numberText(sampleRate / perPrometheus, 2),
        numberText(sampleRate / documentedDistributorSamples, 2),
      ];
    }),
  );
  const titles = [
    'nodes × containers',
    'interval',
    'series',
    'points/s',
    'OTLP a day (gzip)',
    'gateway cores, measured / documented',
    'Prometheus cores, measured',
    'Mimir distributor cores, documented',
  ];
  const basis = `${pointsPerContainer.toFixed(1)} points and ${(series / containers).toFixed(1)} series a container, ${bytesPerPoint.toFixed(1)} bytes a point.`;
  return ['### Fleets', '', basis, '', markdownTable(titles, rows)].join('\n');
}

function numberText(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
