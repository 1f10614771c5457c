import { agentKinds } from '../agents/kinds.ts';
import type { Measurement } from '../measurement.ts';
import type { AgentName } from '../plan.ts';
import type { Result } from '../results.ts';
import { quantile, spreadOf, spreadText } from './spread.ts';

type Window = Result & { readonly measurement: Measurement };

/** One row: the repetitions of one agent, and those of the peer beside it. */
interface Row {
  readonly windows: readonly Window[];
  readonly peers: readonly Window[];
}

const columns: readonly (readonly [title: string, text: (row: Row) => string])[] = [
  ['agent', ({ windows }) => titleOf(windows[0]?.step.agent)],
  ['exports', ({ windows }) => windows[0]?.step.exports ?? ''],
  ['interval', ({ windows }) => `${windows[0]?.step.intervalSeconds ?? ''} s`],
  ['cycles', ({ windows }) => cyclesOf(windows)],
  ['agent CPU s', each(({ cpuPerCycle }) => cpuPerCycle.agent, 3)],
  ['daemon', each(({ cpuPerCycle }) => cpuPerCycle.daemon, 3)],
  ['containerd', each(({ cpuPerCycle }) => cpuPerCycle.containerd, 3)],
  ['shims', each(({ cpuPerCycle }) => cpuPerCycle.shims, 3)],
  ['sum', each(({ cpuPerCycle }) => cpuPerCycle.total, 3)],
  ['÷ docker_stats', ({ windows, peers }) => spreadText(spreadOf(windows.map((w) => shareOf(w, peers))), 3)],
  ['series', ({ windows }) => `${windows.at(-1)?.measurement.series ?? '–'}`],
  ['RSS MiB mean', each(({ residentMebibytes }) => residentMebibytes.mean, 0)],
  ['max', ({ windows }) => maxText(windows.map((w) => w.measurement.residentMebibytes.max))],
  ['block ms start', ({ windows }) => maxText(windows.map((w) => w.measurement.blockMillis.start))],
  ['later', ({ windows }) => maxText(windows.map((w) => w.measurement.blockMillis.later))],
  ['scrape ms p50/p99', ({ windows }) => quantiles(windows.flatMap((w) => w.measurement.scrapeMillis))],
  ['cached', ({ windows }) => quantiles(windows.flatMap((w) => w.measurement.cachedScrapeMillis))],
  ['others busy', each(({ others }) => others, 2)],
];

/** A table of agents for each place, in Markdown, and one of the floor. */
export function renderTables(results: readonly Result[]): string {
  const windows = results.flatMap((result) =>
    result.measurement && result.step.part !== 'scaling'
      ? [{ ...result, measurement: result.measurement }]
      : [],
  );
  const places = Map.groupBy(windows, ({ step }) => `${step.runtime}, ${step.containers} containers`);
  const tables = [...places].map(([title, rows]) => `### ${title}\n\n${agentTable(rows)}`);
  return [...tables, floorTable(results)].filter((text) => text !== '').join('\n\n');
}

function agentTable(windows: readonly Window[]): string {
  const rows = Map.groupBy(
    windows,
    ({ step }) => `${step.part} ${step.agent} ${step.exports} ${step.intervalSeconds}`,
  );
  const peers = windows.filter(({ step }) => step.agent.startsWith('docker_stats'));
  return markdownTable(
    columns.map(([title]) => title),
    [...rows.values()].map((each) => columns.map(([, text]) => text({ windows: each, peers }))),
  );
}

function floorTable(results: readonly Result[]): string {
  const floors = results.flatMap((result) => (result.floor ? [{ ...result, floor: result.floor }] : []));
  if (floors.length === 0) return '';
  const places = Map.groupBy(floors, ({ step }) => `${step.runtime}, ${step.containers}`);
  const rows = [...places].map(([title, each]) => [
    title,
    spreadText(spreadOf(each.flatMap(({ floor }) => floor.cpuSeconds)), 4),
    `${each[0]?.floor.filesPerContainer.toFixed(1) ?? ''}`,
    spreadText(spreadOf(each.map(({ floor }) => floor.residentMebibytes)), 0),
  ]);
  return `### The floor\n\n${markdownTable(['runtime, containers', 'CPU s a cycle', 'files a container', 'RSS MiB'], rows)}`;
}

/** A table in Markdown. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** CPU of agent and runtime as a share of the receiver's in the same repetition, with the same exports. */
function shareOf({ step, measurement }: Window, peers: readonly Window[]): number | undefined {
  const peer = peers.find(
    (each) =>
      each.step.part === step.part &&
      each.step.repetition === step.repetition &&
      each.step.exports === step.exports,
  );
  return peer && measurement.cpuPerCycle.total / peer.measurement.cpuPerCycle.total;
}

function each(valueOf: (measurement: Measurement) => number, digits: number): (row: Row) => string {
  return ({ windows }) =>
    spreadText(spreadOf(windows.map(({ measurement }) => valueOf(measurement))), digits);
}

function sum(windows: readonly Window[], valueOf: (window: Window) => number): number {
  return windows.reduce((total, window) => total + valueOf(window), 0);
}

function cyclesOf(windows: readonly Window[]): string {
  const [completed, all] = [sum(windows, (w) => w.measurement.completed), sum(windows, (w) => w.step.cycles)];
  const failed = sum(windows, (w) => w.measurement.failedScrapes ?? 0);
  return `${completed}/${all}${failed > 0 ? `, ${failed} scrapes failed` : ''}`;
}

function maxText(values: readonly (number | undefined)[]): string {
  const { max } = spreadOf(values) ?? {};
  return max === undefined ? '' : max.toFixed(0);
}

function quantiles(millis: readonly number[]): string {
  const [p50, p99] = [quantile(millis, 0.5), quantile(millis, 0.99)];
  return p50 === undefined || p99 === undefined ? '' : `${p50.toFixed(0)}/${p99.toFixed(0)}`;
}

function titleOf(agent: AgentName | undefined): string {
  return agent === undefined || agent === 'floor' ? 'floor' : agentKinds[agent].title;
}
