import { startAgent, type AgentProcess } from './agent-process.ts';
import { startCollector, type Collector } from './collector.ts';
import { skipUnless } from './component.ts';
import { startEngine, type EngineOptions, type EngineVersion, type RealEngine } from './real-engine.ts';

/** Both ends of the supported range. */
export const engineVersions: readonly EngineVersion[] = ['20.10', 'current'];

/** Skips what needs both engines and the Collector. */
export const skipWithoutScene: string | false = skipUnless('engine-20.10', 'engine-current', 'otelcol');

/** An engine, an agent that measures it, and the Collector that the agent pushes to. */
export interface Scene extends AsyncDisposable {
  readonly runtime: RealEngine;
  readonly collector: Collector;
  readonly agent: AgentProcess;
}

/** Starts engine and Collector, lets the caller fill the engine, and then starts the agent with further arguments. */
export async function startScene(
  version: EngineVersion,
  args: readonly string[],
  fill: (runtime: RealEngine) => Promise<unknown> = () => Promise.resolve(),
  options: EngineOptions = {},
): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const runtime = stack.use(await startEngine(version, options));
  const collector = stack.use(await startCollector());
  await fill(runtime);
  const where = [`--docker-url=${runtime.url}`, `--otlp-endpoint=${collector.otlpUrl}`];
  const agent = stack.use(await startAgent({ args: [...where, ...args] }));
  await agent.untilReady();
  const all = stack.move();
  return { runtime, collector, agent, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
