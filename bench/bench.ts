import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FloorProcess } from './agents/floor.ts';
import { measureBackends } from './backends.ts';
import { measureAgent, measureIdle } from './measure.ts';
import { helpText, readOptions } from './options.ts';
import type { BenchOptions } from './options.ts';
import { plan } from './plan.ts';
import type { Group, Step } from './plan.ts';
import type { RuntimeCpu } from './processes.ts';
import { renderReport } from './report/report.ts';
import { addResult, isMeasured, readResults } from './results.ts';
import type { ReadingValues, Result } from './results.ts';
import { startRuntimeUnderTest } from './runtimes.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import { measureStarts } from './starts.ts';

if (process.argv.includes('--help')) process.stdout.write(helpText);
else await run(readOptions(process.argv.slice(2)));

async function run(options: BenchOptions): Promise<void> {
  if (options.reports.length === 0) {
    if (!options.resumes) rmSync(options.results, { force: true });
    await measureAll(options);
  }
  const files = options.reports.length > 0 ? options.reports : [options.results];
  process.stdout.write(renderReport(files.flatMap(readResults)));
}

async function measureAll(options: BenchOptions): Promise<void> {
  const known = readResults(options.results);
  for (const group of plan(options)) {
    const steps = group.steps.filter((step) => !isMeasured(step, known));
    if (steps.length > 0) await measureGroup({ ...group, steps }, options);
  }
}

async function measureGroup(group: Group, options: BenchOptions): Promise<void> {
  logProgress(`starting ${group.runtime}`);
  await using runtime = await startRuntimeUnderTest(group);
  const windows = group.steps.filter(({ task, agent }) => task === 'window' && agent !== 'floor');
  for (const step of group.steps) {
    if (step.task === 'window') continue;
    await runtime.grow(step.containers);
    logProgress(`${titleOf(step)}: ${step.task}`);
    keep(step, await measureTask(runtime, step, options), options);
  }
  const floorStep = group.steps.find(({ agent }) => agent === 'floor');
  if (windows.length > 0 || floorStep) await measureWindows(runtime, { windows, floorStep }, options);
}

type Values = Pick<Result, 'startSeconds' | 'startCpuSeconds' | 'reading' | 'backends'>;

async function measureTask(runtime: RuntimeUnderTest, step: Step, options: BenchOptions): Promise<Values> {
  if (step.task === 'start') return await measureStarts(runtime, step, options);
  if (step.task === 'backends') return { backends: await measureBackends(runtime, step, options) };
  return { reading: await measureReading(runtime) };
}

/** One agent after another, with the idle runtime measured before and after each. */
async function measureWindows(
  runtime: RuntimeUnderTest,
  { windows, floorStep }: { windows: readonly Step[]; floorStep: Step | undefined },
  options: BenchOptions,
): Promise<void> {
  const [first] = floorStep ? [floorStep] : windows;
  if (!first) return;
  await runtime.grow(first.containers);
  await using stack = new AsyncDisposableStack();
  const floor = floorStep && stack.use(await FloorProcess.start(runtime));
  const idle = (): Promise<RuntimeCpu> =>
    measureIdle(runtime, options.idleSeconds, first.intervalSeconds, floor);
  let before = await idle();
  for (const step of windows) {
    logProgress(titleOf(step));
    const finish = await measureAgent(runtime, step, options);
    const after = await idle();
    keep(step, { measurement: finish(between(before, after)) }, options);
    before = after;
  }
  if (floor && floorStep) keep(floorStep, { floor: floor.values }, options);
}

async function measureReading({ socket }: RuntimeUnderTest): Promise<ReadingValues> {
  const program = join(import.meta.dirname, 'reading-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, socket]);
  const values: ReadingValues = JSON.parse(stdout);
  return values;
}

function keep(step: Step, values: Parameters<typeof addResult>[2], { results }: BenchOptions): void {
  process.stderr.write(`${JSON.stringify(addResult(results, step, values))}\n`);
}

function between(a: RuntimeCpu, b: RuntimeCpu): RuntimeCpu {
  return {
    daemon: (a.daemon + b.daemon) / 2,
    containerd: (a.containerd + b.containerd) / 2,
    shims: (a.shims + b.shims) / 2,
  };
}

function titleOf({ part, runtime, containers, agent, exports, repetition }: Step): string {
  return `${part} ${repetition}: ${runtime}, ${containers} containers, ${agent}, ${exports}`;
}

function logProgress(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
