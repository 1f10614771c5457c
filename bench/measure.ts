import { loadavg } from 'node:os';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { agentKinds } from './agents/kinds.ts';
import type { AgentKind } from './agents/kinds.ts';
import type { RunningAgent } from './agents/running-agent.ts';
import type { FloorProcess } from './agents/floor.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import type { Measurement } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import type { Step } from './plan.ts';
import { cpuSeconds, runtimeCpu, machineCpu, residentMebibytes } from './processes.ts';
import type { RuntimeCpu } from './processes.ts';
import { countSeries, firstOf, scrape, valueOf } from './scrape.ts';
import type { Scrape } from './scrape.ts';

/** Phase of a window's edges in an interval: after the push and the scrape, before the next push. */
const edgePhase = 0.92;
const cachedScrapes = 30;
const cachedScrapesMillis = 10_000;
const pauseMillis = 50;
const probeCount = 'tidegauge_probe_duration_seconds_count';
const firstMinuteMillis = 60_000;

/** Counters read at both edges of a window. */
interface Reading {
  readonly at: number;
  readonly agent: number;
  readonly runtime: RuntimeCpu;
  readonly machine: number;
  readonly calls: Readonly<Record<string, number>> | undefined;
  readonly exported: Measurement['exported'];
}

/** Readings of a whole window. */
interface Gathered {
  readonly before: Reading;
  readonly after: Reading;
  /** The last one that warmed up. */
  readonly baseline: Scrape;
  readonly scrapes: readonly Scrape[];
  readonly resident: readonly number[];
  readonly blockMillis: Measurement['blockMillis'];
  readonly failures: number;
}

/** CPU seconds per second that the runtime takes when no agent runs. The floor, which does not ask it, reads meanwhile. */
export async function measureIdle(
  { processes }: RuntimeUnderTest,
  idleSeconds: number,
  intervalSeconds: number,
  floor?: FloorProcess,
): Promise<RuntimeCpu> {
  const [before, start] = [runtimeCpu(processes), performance.now()];
  for (let second = intervalSeconds / 2; floor && second < idleSeconds; second += intervalSeconds) {
    await delay(start + 1000 * second - performance.now());
    await floor.measureRead();
  }
  await delay(start + 1000 * idleSeconds - performance.now());
  const [after, end] = [runtimeCpu(processes), performance.now()];
  return perUnit(minus(after, before), (end - start) / 1000);
}

/** Starts an agent, measures a window of whole cycles, and ends the agent. The idle cost is yet to be taken off. */
export async function measureAgent(
  runtime: RuntimeUnderTest,
  step: Step,
  options: BenchOptions,
): Promise<(idlePerSecond: RuntimeCpu) => Measurement> {
  if (step.agent === 'floor') throw new Error('the floor is no agent to be started');
  const kind = agentKinds[step.agent];
  const startedAt = performance.now();
  await using agent = await kind.start(runtime, step, options);
  const gathered = await gather(agent, runtime, { step, options, startedAt });
  assertWhole(gathered.scrapes.at(-1) ?? gathered.baseline, kind, runtime);
  const cached = await scrapeFromCache(agent);
  const load = loadavg()[0] ?? 0;
  return (idlePerSecond) => ({
    program: kind.isOurs ? basename(dirname(options.program)) : '',
    ...cycleValues(gathered, kind, step, idlePerSecond),
    idlePerSecond,
    residentMebibytes: { mean: mean(gathered.resident), max: Math.max(...gathered.resident) },
    blockMillis: gathered.blockMillis,
    failedScrapes: gathered.failures,
    scrapeMillis: gathered.scrapes.map(({ millis }) => millis),
    cachedScrapeMillis: cached.map(({ millis }) => millis),
    ...pageValues(gathered.scrapes.at(-1) ?? gathered.baseline),
    readySeconds: agent.readyMillis === undefined ? undefined : agent.readyMillis / 1000,
    load,
  });
}

async function gather(
  agent: RunningAgent,
  runtime: RuntimeUnderTest,
  { step, options, startedAt }: { step: Step; options: BenchOptions; startedAt: number },
): Promise<Gathered> {
  const { cycles, scrapePhase } = step;
  const { warmUpCycles } = options;
  const intervalMillis = 1000 * step.intervalSeconds;
  const first = Math.ceil((performance.now() - agent.anchor) / intervalMillis);
  const until = async (cycle: number, phase: number): Promise<void> => {
    const at = agent.anchor + (first + cycle + phase) * intervalMillis;
    await delay(Math.max(0, at - performance.now()));
  };
  const blocks: { start?: number; later?: number } = {};
  let failures = 0;
  const scrapeAt = async (cycle: number): Promise<Scrape | undefined> => {
    await until(cycle, scrapePhase);
    const page = await scrape(agent.metricsUrl).catch((error: unknown) => {
      process.stderr.write(`a scrape failed: ${String(error)}\n`);
      failures += 1;
    });
    if (!page) return undefined;
    const block = 1000 * (valueOf(page, 'nodejs_eventloop_delay_max_seconds') ?? Number.NaN);
    const key = performance.now() - startedAt < 1.2 * firstMinuteMillis ? 'start' : 'later';
    if (!Number.isNaN(block)) blocks[key] = Math.max(blocks[key] ?? 0, block);
    return page;
  };
  let baseline: Scrape | undefined;
  for (let cycle = 0; cycle < warmUpCycles; cycle += 1) baseline = (await scrapeAt(cycle)) ?? baseline;
  await until(warmUpCycles - 1, edgePhase);
  const before = await read(agent, runtime);
  const resident: number[] = [];
  const sampling = setInterval(() => resident.push(residentMebibytes(agent.pid)), 500);
  const scrapes: Scrape[] = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const page = await scrapeAt(warmUpCycles + cycle);
    if (page) scrapes.push(page);
  }
  await until(warmUpCycles + cycles - 1, edgePhase);
  clearInterval(sampling);
  const after = await read(agent, runtime);
  return {
    before,
    after,
    baseline: baseline ?? scrapes[0] ?? (await scrape(agent.metricsUrl)),
    scrapes,
    resident,
    blockMillis: blocks,
    failures,
  };
}

async function read(agent: RunningAgent, runtime: RuntimeUnderTest): Promise<Reading> {
  return {
    at: performance.now(),
    agent: cpuSeconds(agent.pid),
    runtime: runtimeCpu(runtime.processes),
    machine: machineCpu(),
    calls: await runtime.requests(),
    exported: agent.sink?.received ?? { exports: 0, requests: 0, bytes: 0, points: 0 },
  };
}

type CycleValues = Pick<
  Measurement,
  'completed' | 'probes' | 'inlineTimeouts' | 'exported' | 'cpuPerCycle' | 'others' | 'calls'
>;

function cycleValues(
  gathered: Gathered,
  { freshMetric }: AgentKind,
  { exports, cycles }: Step,
  idle: RuntimeCpu,
): CycleValues {
  const { before, after, baseline, scrapes } = gathered;
  const seconds = (after.at - before.at) / 1000;
  const grown = (metric: string): number | undefined => {
    const [from, to] = [valueOf(baseline, metric), valueOf(scrapes.at(-1) ?? baseline, metric)];
    return to === undefined ? undefined : to - (from ?? 0);
  };
  const exported = minusEach(after.exported, before.exported);
  const fresh = freshMetric === undefined ? cycles : freshPages(gathered, freshMetric);
  const completed = exports === 'prometheus' ? fresh : Math.min(exported.exports, cycles);
  const spent = minus(after.runtime, before.runtime);
  const net = perUnit(minus(spent, perUnit(idle, 1 / seconds)), completed || cycles);
  const agent = (after.agent - before.agent) / (completed || cycles);
  const runtime = net.daemon + net.containerd + net.shims;
  const measured = after.agent - before.agent + spent.daemon + spent.containerd + spent.shims;
  return {
    completed,
    probes: grown(probeCount),
    inlineTimeouts: grown('tidegauge_probe_inline_timeouts_total'),
    exported,
    cpuPerCycle: { agent, ...net, runtime, total: agent + runtime },
    others: (after.machine - before.machine - measured) / seconds,
    calls: before.calls && after.calls && minusEach(after.calls, before.calls),
  };
}

/** An agent that does not see every container would cost nothing. */
function assertWhole(page: Scrape, kind: AgentKind, { containers }: RuntimeUnderTest): void {
  const count = page.text.match(kind.containerLine)?.length ?? 0;
  if (count === containers) return;
  throw new Error(`${kind.title} shows ${count} of ${containers} containers: its values would mean nothing`);
}

/** Scrapes that show something measured since the scrape before. */
function freshPages({ baseline, scrapes }: Gathered, metric: string): number {
  return scrapes.filter((page, index) => {
    const before = scrapes[index - 1] ?? baseline;
    return firstOf(page, metric) !== firstOf(before, metric);
  }).length;
}

function pageValues(page: Scrape): Pick<Measurement, 'series' | 'containerSeries' | 'scrapeBytes'> {
  const { all, containers } = countSeries(page);
  return { series: all, containerSeries: containers, scrapeBytes: page.bytes };
}

/** Scrapes one after another; those that made our agent probe are left out. */
async function scrapeFromCache({ metricsUrl }: RunningAgent): Promise<Scrape[]> {
  const end = performance.now() + cachedScrapesMillis;
  const cached: Scrape[] = [];
  let before = await scrape(metricsUrl);
  while (cached.length < cachedScrapes && performance.now() < end) {
    await delay(pauseMillis);
    const page = await scrape(metricsUrl);
    if (firstOf(page, probeCount) === firstOf(before, probeCount)) cached.push(page);
    before = page;
  }
  return cached;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function minus(a: RuntimeCpu, b: RuntimeCpu): RuntimeCpu {
  return { daemon: a.daemon - b.daemon, containerd: a.containerd - b.containerd, shims: a.shims - b.shims };
}

function perUnit({ daemon, containerd, shims }: RuntimeCpu, units: number): RuntimeCpu {
  return { daemon: daemon / units, containerd: containerd / units, shims: shims / units };
}

function minusEach<T extends Readonly<Record<string, number>>>(a: T, b: T): T {
  return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, value - (b[key] ?? 0)])) as T;
}
