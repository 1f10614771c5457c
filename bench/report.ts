import type { Measurement, Quantiles } from './measurement.ts';

type Column = readonly [title: string, text: (row: Measurement, all: readonly Measurement[]) => string];

const columns: readonly Column[] = [
  ['agent', ({ agent, program }) => (agent !== 'docker_stats' ? `${agent} (${program})` : agent)],
  ['exports', ({ exports }) => exports],
  ['cycles', ({ completed, cycles }) => `${completed}/${cycles}`],
  ['probes', ({ probes }) => (probes === undefined ? '' : `${probes}`)],
  ['agent CPU s', ({ cpuPerCycle }) => fixed(cpuPerCycle.agent, 3)],
  ['daemon', ({ cpuPerCycle }) => fixed(cpuPerCycle.daemon, 3)],
  ['containerd', ({ cpuPerCycle }) => fixed(cpuPerCycle.containerd, 3)],
  ['shims', ({ cpuPerCycle }) => fixed(cpuPerCycle.shims, 3)],
  ['sum', ({ cpuPerCycle }) => fixed(cpuPerCycle.total, 3)],
  ['÷ peer', (row, all) => fixed(ratioToPeer(row, all), 2)],
  ['RSS MiB mean/max', ({ residentMebibytes: { mean, max } }) => `${fixed(mean, 0)}/${fixed(max, 0)}`],
  ['block ms start/later', ({ blockMillis: { start, later } }) => pair(start, later)],
  ['scrape ms p50/p99', ({ scrape }) => quantiles(scrape)],
  ['cached scrape ms p50/p99', ({ cachedScrape }) => quantiles(cachedScrape)],
  ['series', ({ series }) => `${series}`],
  ['ready s', ({ readySeconds }) => fixed(readySeconds, 1)],
  ['others busy', ({ others }) => fixed(others, 2)],
  ['load', ({ load }) => fixed(load, 1)],
];

/** CPU of agent and runtime as a share of the peer's in the same run, with the same exports; undefined without a peer. */
export function ratioToPeer(row: Measurement, all: readonly Measurement[]): number | undefined {
  const peer = all.find(
    (each) => each.agent === 'docker_stats' && each.runtime === row.runtime && each.exports === row.exports,
  );
  return peer && row.cpuPerCycle.total / peer.cpuPerCycle.total;
}

/** A table per runtime, in Markdown. */
export function renderTables(measurements: readonly Measurement[]): string {
  const runtimes = Map.groupBy(
    measurements,
    ({ runtime, containers }) => `${runtime}, ${containers} containers`,
  );
  return [...runtimes].map(([title, rows]) => `### ${title}\n\n${table(rows)}\n`).join('\n');
}

function table(rows: readonly Measurement[]): string {
  const lines = [
    columns.map(([title]) => title),
    columns.map(() => '---'),
    ...rows.map((row) => columns.map(([, text]) => text(row, rows))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function quantiles({ p50, p99 }: Quantiles): string {
  return pair(p50, p99);
}

function pair(a: number | undefined, b: number | undefined): string {
  return a === undefined && b === undefined ? '' : `${fixed(a, 0)}/${fixed(b, 0)}`;
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? '–' : value.toFixed(digits);
}
