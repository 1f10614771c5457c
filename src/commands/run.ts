import { Agent } from '../agent.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/settings.ts';
import type { Command, CommandContext, RunningCommand } from './command.ts';
import { withDemo } from './demo.ts';
import type { Demo } from './demo.ts';

/** `tidegauge run`: measures, pushes and answers scrapes until it is told to stop. */
export const runCommand: Command = {
  name: 'run',
  describe: 'Measure containers, push OTLP and serve /metrics',
  options: {},
  examples: [
    { line: '$0', does: "measure this host's engine" },
    {
      line: '$0 --docker-url unix:///var/run/docker.sock --exporter prometheus',
      does: 'serve /metrics alone',
    },
    { line: '$0 --demo', does: 'try it without an engine' },
  ],
  run: startAgent,
};

async function startAgent(context: CommandContext): Promise<RunningCommand> {
  const demo = await withDemo(context);
  const runs = new AgentRun(context, demo);
  try {
    await runs.begin(context.config);
  } catch (error) {
    await demo.close();
    throw error;
  }
  return { stop: () => runs.stop(), reload: (config) => runs.reload(config) };
}

/** The agent of the present configuration; a reload puts another in its place. */
class AgentRun {
  readonly #context: CommandContext;
  readonly #demo: Demo;
  #running: { agent: Agent; config: Config } | undefined;

  constructor(context: CommandContext, demo: Demo) {
    this.#context = context;
    this.#demo = demo;
  }

  async begin(given: Config): Promise<void> {
    const { log, version } = this.#context;
    const config = this.#demo.applyTo(given);
    const agent = new Agent(config, { clock: systemClock, log, environment: process.env, version });
    const { address } = await agent.start();
    this.#running = { agent, config: given };
    const { exporter, profile, interval } = config;
    log.info(
      { version, metrics: `${address}/metrics`, exporter, profile, intervalMillis: interval },
      'tidegauge runs',
    );
    this.#demo.tellWhereToLook(address);
  }

  /** The old agent must free its port first; when the new one cannot start, the old configuration comes back. */
  async reload(config: Config): Promise<void> {
    const before = this.#running;
    await before?.agent.stop();
    try {
      await this.begin(config);
    } catch (error) {
      if (before) await this.begin(before.config);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#running?.agent.stop();
    await this.#demo.close();
  }
}
