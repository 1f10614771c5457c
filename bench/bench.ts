import { agentKinds } from './agents.ts';
import { startRuntimeUnderTest } from './runtimes.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import type { Measurement } from './measurement.ts';
import { measureAgent, measureIdle } from './measure.ts';
import { readOptions, helpText } from './options.ts';
import type { BenchOptions } from './options.ts';
import type { RuntimeCpu } from './processes.ts';
import { renderTables } from './report.ts';

if (process.argv.includes('--help')) process.stdout.write(helpText);
else await run(readOptions(process.argv.slice(2)));

async function run(options: BenchOptions): Promise<void> {
  const measurements: Measurement[] = [];
  for (const name of options.runtimes) {
    logProgress(`starting ${name} with its containers`);
    await using runtime = await startRuntimeUnderTest(name, options.containers);
    // The kernel has no files of simulated containers.
    const usageSources = name === 'simulated' ? (['runtime'] as const) : options.usageSources;
    measurements.push(...(await measureOn(runtime, { ...options, usageSources })));
  }
  process.stdout.write(`\n${renderTables(measurements)}`);
}

/** One agent after another, with the idle runtime measured before and after each. */
async function measureOn(runtime: RuntimeUnderTest, options: BenchOptions): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  let idleBefore = await measureIdle(runtime);
  for (const kind of agentKinds(options)) {
    logProgress(`${runtime.name}, ${runtime.containers} containers: ${kind.name}, ${kind.exports}`);
    const finish = await measureAgent(kind, runtime, options);
    const idleAfter = await measureIdle(runtime);
    const measurement = finish(between(idleBefore, idleAfter));
    process.stdout.write(`${JSON.stringify(measurement)}\n`);
    measurements.push(measurement);
    idleBefore = idleAfter;
  }
  return measurements;
}

function between(a: RuntimeCpu, b: RuntimeCpu): RuntimeCpu {
  return {
    daemon: (a.daemon + b.daemon) / 2,
    containerd: (a.containerd + b.containerd) / 2,
    shims: (a.shims + b.shims) / 2,
  };
}

function logProgress(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
