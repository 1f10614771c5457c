import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ownLoopbackAddress, startDaemon, waitUntil, type Daemon } from './daemon.ts';
import { componentPath } from './component.ts';

const port = 9090;

/** One series of a response, with its newest value. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Result of the last scrape of a target. */
export interface PrometheusTarget {
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  /** Empty when it went well. */
  readonly lastError: string;
}

/** Targets of Prometheus, each `host:port` or a whole URL. */
export interface PrometheusOptions {
  readonly targets: readonly string[];
  /** Further lines for each scrape job, such as `honor_labels: true`. */
  readonly jobLines?: readonly string[];
}

/**
 * Starts Prometheus on an empty store, scraping every 5 s; the jobs are called `target-0`, `target-1` and so on. The
 * first scrape comes after another 5 s, when its service discovery first hands targets on: start it early.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const program = componentPath('prometheus');
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-prometheus-'));
  const listen = `${ownLoopbackAddress()}:${port}`;
  await writeFile(join(directory, 'prometheus.yml'), scrapeConfig(options));
  try {
    const daemon = await startDaemon({
      command: program,
      args: [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=${listen}`,
      ],
      logFile: join(directory, 'log'),
      isReady: () =>
        fetch(`http://${listen}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
    });
    return new Prometheus(`http://${listen}`, directory, daemon);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A real Prometheus that scrapes for a test. */
export class Prometheus {
  readonly url: string;
  readonly #directory: string;
  readonly #daemon: Daemon;

  constructor(url: string, directory: string, daemon: Daemon) {
    this.url = url;
    this.#directory = directory;
    this.#daemon = daemon;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  /** Evaluates an expression now; throws with Prometheus' own words when it is wrong. */
  async query(promql: string): Promise<PrometheusSeries[]> {
    const { result }: QueryData = await this.#api(`query?query=${encodeURIComponent(promql)}`);
    if (result.length === 0) return [];
    // A scalar is [time, value]; a vector is a list of series that each hold such a pair.
    if (isPair(result)) return [{ metric: {}, value: toNumber(result[1]) }];
    return result.map(({ metric, value }) => ({ metric, value: toNumber(value[1]) }));
  }

  /** Queries until the response is enough (anything at all by default), and gives it. */
  async waitFor(
    promql: string,
    isEnough: (series: readonly PrometheusSeries[]) => boolean = (series) => series.length > 0,
    timeoutMillis?: number,
  ): Promise<PrometheusSeries[]> {
    const querySeries = async (): Promise<PrometheusSeries[] | undefined> => {
      const series = await this.query(promql);
      return isEnough(series) ? series : undefined;
    };
    return await waitUntil(`the answer to ${promql}`, querySeries, timeoutMillis);
  }

  /** The scraped targets and how the last scrape of each went. */
  async targets(): Promise<PrometheusTarget[]> {
    const { activeTargets }: { activeTargets: PrometheusTarget[] } = await this.#api('targets?state=active');
    return activeTargets;
  }

  /** Prometheus's log. */
  async log(): Promise<string> {
    return await readFile(join(this.#directory, 'log'), 'utf8');
  }

  /** Ends Prometheus and removes its store. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.end('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #api<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const answer: ApiAnswer<T> = JSON.parse(await response.text());
    if (answer.status !== 'success') throw new Error(`Prometheus answered ${answer.error} to ${path}`);
    return answer.data;
  }
}

/** Lints an exposition in text format 0.0.4; promtool exits with 0 (good), 3 (findings) or 1 (not parsed). */
export async function promtoolCheckMetrics(
  exposition: string,
): Promise<{ exitCode: number; findings: string[] }> {
  const promtool = spawn(componentPath('promtool'), ['check', 'metrics'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [stdout, stderr, closed] = [text(promtool.stdout), text(promtool.stderr), once(promtool, 'close')];
  promtool.stdin.end(exposition);
  await closed;
  const findings = `${await stdout}\n${await stderr}`.split('\n').filter((line) => line.trim() !== '');
  return { exitCode: promtool.exitCode ?? -1, findings };
}

type Pair = readonly [time: number, value: string];

interface QueryData {
  readonly result:
    Pair | readonly { readonly metric: Readonly<Record<string, string>>; readonly value: Pair }[];
}

type ApiAnswer<T> =
  { readonly status: 'success'; readonly data: T } | { readonly status: 'error'; readonly error: string };

function isPair(result: QueryData['result']): result is Pair {
  return typeof result[0] === 'number';
}

// Prometheus writes +Inf and -Inf, which JavaScript does not read.
function toNumber(written: string): number {
  return Number(written.replace('Inf', 'Infinity'));
}

function scrapeConfig({ targets, jobLines = [] }: PrometheusOptions): string {
  const jobs = targets.map((target, index) => {
    const { protocol, host, pathname } = new URL(
      target.includes('://') ? target : `http://${target}/metrics`,
    );
    const path = pathname === '/' ? '/metrics' : pathname;
    return [
      `  - job_name: target-${index}`,
      `    scheme: ${protocol.slice(0, -1)}`,
      `    metrics_path: ${path}`,
      `    static_configs: [{ targets: ['${host}'] }]`,
      ...jobLines.map((line) => `    ${line}`),
    ];
  });
  // A time-out may be no longer than the interval, and a scrape of a busy machine takes more than a second.
  const global = 'global: { scrape_interval: 5s, scrape_timeout: 5s }';
  return [global, 'scrape_configs:', ...jobs.flat(), ''].join('\n');
}
