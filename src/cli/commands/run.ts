import { isDeepStrictEqual } from 'node:util';
import { Agent } from '../../agent/agent.ts';
import { systemClock } from '../../clock.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { Config } from '../../config/settings/settings.ts';
import type { Command, CommandContext, RunningCommand } from '../command.ts';
import { withDemo } from './demo.ts';
import type { Demo } from './demo.ts';

/** `tidegauge run`: measures, pushes and serves scrapes until it is stopped. */
export const runCommand: Command = {
  name: 'run',
  describe: 'Measure containers, push OTLP and serve /metrics',
  options: {},
  examples: [
    { line: '$0', does: "measure this host's runtime" },
    {
      line: '$0 --docker-url unix:///var/run/docker.sock --exporter prometheus',
      does: 'serve /metrics alone',
    },
    { line: '$0 --demo', does: 'try it without a runtime' },
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
  return { stop: () => runs.stop(), reload: (config) => runs.reload(config), ended: runs.ended };
}

/** The agent of the present configuration; a reload puts another in its place. */
class AgentRun {
  readonly #context: CommandContext;
  readonly #demo: Demo;
  #running: { agent: Agent; config: Config } | undefined;
  /** The reloads under way, one after the other: what ends the agent waits for them. */
  #changing: Promise<void> = Promise.resolve();
  readonly #end = Promise.withResolvers<number>();

  constructor(context: CommandContext, demo: Demo) {
    this.#context = context;
    this.#demo = demo;
  }

  /** Rejects when there is no agent left. */
  get ended(): Promise<number> {
    return this.#end.promise;
  }

  begin(config: Config): Promise<void> {
    return this.#start(this.#create(config), config);
  }

  #create(config: Config): Agent {
    const { log, version } = this.#context;
    const processContext = { clock: systemClock, log, environment: process.env, version };
    return new Agent(this.#demo.applyTo(config), processContext);
  }

  async #start(agent: Agent, config: Config): Promise<void> {
    const { log, version } = this.#context;
    const { address } = await agent.start();
    this.#running = { agent, config };
    const { exporter, profile, intervalMillis } = config;
    const metrics = `${address}${config.pathPrefix ?? ''}${config.metricsPath}`;
    log.info({ version, metrics, exporter, profile, intervalMillis }, 'tidegauge runs');
    this.#demo.printAddresses(metrics);
  }

  /** A configuration that cannot be carried out changes nothing; it rejects with the reason. */
  reload(config: Config): Promise<void> {
    const reloaded = this.#changing.then(() => this.#replace(config));
    this.#changing = reloaded.catch(() => undefined);
    return reloaded;
  }

  async stop(): Promise<void> {
    await this.#changing;
    await this.#running?.agent.stop();
    await this.#demo.close();
  }

  async #replace(config: Config): Promise<void> {
    const before = this.#running;
    if (config.demo !== before?.config.demo) throw new ConfigError(['--demo: cannot be changed by a reload']);
    if (config.replay !== before.config.replay)
      throw new ConfigError(['--replay: cannot be changed by a reload']);
    const next = this.#create(config);
    // The same address can only be had once it is free; another is tried while the old agent still runs.
    const isSameAddress = isDeepStrictEqual(config.listen, before.config.listen);
    if (isSameAddress) await before.agent.stop();
    try {
      await this.#start(next, config);
    } catch (error) {
      if (isSameAddress) await this.#restore(before.config);
      throw error;
    }
    if (!isSameAddress) await before.agent.stop();
  }

  /**
   * Another process took the address in between: one more try with the previous configuration, and the last
   * one.
   */
  async #restore(config: Config): Promise<void> {
    this.#running = undefined;
    try {
      await this.begin(config);
    } catch (error) {
      await this.#demo.close();
      // A process without an agent would look alive to a supervisor that would restart it.
      this.#end.reject(error);
    }
  }
}
