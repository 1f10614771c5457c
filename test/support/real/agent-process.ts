import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { waitUntil } from './daemon.ts';
import { parseExposition, type Exposition } from '../wire/exposition.ts';

const repository = join(import.meta.dirname, '../../..');
const mainFile = join(repository, 'src/main.ts');
const commandTimeoutMillis = 300_000;

/** Arguments and variables of an agent; `--listen 127.0.0.1:0` is added unless `--listen` is there. */
export interface AgentOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** By which script of package.json npm runs it; by default it runs without npm. */
  readonly script?: 'start' | 'demo';
  /** Instead of the source. */
  readonly program?: string;
}

/** One line of the agent's log. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Result of a command that ends by itself. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tidegauge` with arguments until it ends by itself; one that does not is killed. */
export async function runTidegauge(options: AgentOptions): Promise<CommandResult> {
  const child = spawnMain(options, commandTimeoutMillis);
  const [stdout, stderr, closed] = [text(child.stdout), text(child.stderr), once(child, 'close')];
  await closed;
  return { exitCode: child.exitCode, stdout: await stdout, stderr: await stderr };
}

/** Starts `tidegauge run` as a process of its own; resolves once it listens. */
export async function startAgent(options: AgentOptions): Promise<AgentProcess> {
  const listens = options.args.some((arg) => arg.startsWith('--listen'));
  const args = listens ? options.args : [...options.args, '--listen=127.0.0.1:0'];
  const agent = new AgentProcess(spawnMain({ ...options, args }));
  try {
    await agent.untilRuns();
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    throw error;
  }
  return agent;
}

/** A running agent, seen as its users see it. */
export class AgentProcess {
  readonly #child: ChildProcess;
  #stderr = '';
  #metricsUrl = '';

  constructor(child: ReturnType<typeof spawnMain>) {
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr += chunk;
    });
    // A full pipe would stop the process.
    child.stdout.resume();
  }

  /** The URL of `/metrics`. */
  get metricsUrl(): string {
    return this.#metricsUrl;
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits for the log line with its listening address. */
  async untilRuns(): Promise<void> {
    const readUrl = async (): Promise<string | undefined> => {
      if (!this.isRunning) throw new Error(`the agent ended:\n${this.#stderr}`);
      const line = this.logged('tidegauge runs')[0];
      return typeof line?.['metrics'] === 'string' ? line['metrics'] : undefined;
    };
    this.#metricsUrl = await waitUntil('the agent to run', readUrl);
  }

  /** The log so far; lines that are no JSON are an error. */
  get log(): readonly LogLine[] {
    const lines = this.#stderr.split('\n').slice(0, -1);
    return lines.map((line): LogLine => JSON.parse(line));
  }

  /** The lines with this message. */
  logged(message: string): readonly LogLine[] {
    return this.log.filter(({ msg }) => msg === message);
  }

  /** Scrapes in the text format; throws for any status but 200. */
  async metricsText(accept = 'text/plain;version=0.0.4'): Promise<string> {
    const response = await fetch(this.#metricsUrl, { headers: { accept } });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${body}`);
    return body;
  }

  /** Scrapes in OpenMetrics. */
  async openMetricsText(): Promise<string> {
    return await this.metricsText('application/openmetrics-text;version=1.0.0');
  }

  /** Scrapes, and gives the series. */
  async metrics(): Promise<Exposition> {
    return parseExposition(await this.metricsText());
  }

  /** Scrapes until the response is enough, and gives it. */
  async waitForMetrics(
    what: string,
    isEnough: (exposition: Exposition) => boolean,
    timeoutMillis?: number,
  ): Promise<Exposition> {
    const readMetrics = async (): Promise<Exposition | undefined> => {
      const exposition = await this.metrics();
      return isEnough(exposition) ? exposition : undefined;
    };
    return await waitUntil(what, readMetrics, timeoutMillis);
  }

  /**
   * Metrics of a probe that began after this call: waits until two more have ended, as one may be under way.
   */
  async afterNextProbe(timeoutMillis?: number): Promise<Exposition> {
    const probes = (exposition: Exposition): number =>
      exposition.sum('tidegauge_probe_duration_seconds_count');
    const before = probes(await this.metrics());
    return await this.waitForMetrics(
      'two probes',
      (exposition) => probes(exposition) >= before + 2,
      timeoutMillis,
    );
  }

  /** Asks `/readyz`. */
  async ready(): Promise<{ readonly status: number; readonly body: string }> {
    const response = await fetch(new URL('/readyz', this.#metricsUrl));
    return { status: response.status, body: await response.text() };
  }

  /** Waits until `/readyz` responds with 200. */
  async untilReady(): Promise<void> {
    await waitUntil('readiness', async () => (await this.ready()).status === 200 || undefined);
  }

  /** Sends a signal and waits for the end; null when the signal itself ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.isRunning) {
      // Not its exit alone: the last lines of its log come after that.
      const closed = once(this.#child, 'close');
      // The whole group: npm keeps a signal for itself.
      process.kill(-(this.#child.pid ?? NaN), signal);
      await closed;
    }
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

function spawnMain({ args, env, script, program = mainFile }: AgentOptions, timeout?: number) {
  const [command, ...before] =
    script === undefined
      ? // The kernel kills it when the test process dies, however that happens; setpriv keeps the pid by exec.
        ['setpriv', '--pdeathsig', 'KILL', process.execPath, program]
      : // npm's children get no signal when npm dies: the timeout ends them.
        ['timeout', '--signal=KILL', '600', 'npm', '--silent', 'run', script, '--'];
  return spawn(command, [...before, ...args], {
    cwd: repository,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ownEnvironment(), ...env },
    timeout,
    killSignal: 'SIGKILL',
  });
}

/** Variables that configure the agent do not count. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const configures = /^(?:OTEL_|TIDEGAUGE_|DOCKER_|NODE_OPTIONS$|NODE_TEST|.*_proxy$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !configures.test(name)));
}
