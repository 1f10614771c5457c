import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownLoopbackAddress, startDaemon, waitUntil, type Daemon } from './daemon.ts';
import { componentPath } from './component.ts';

const defaultConfig = join(import.meta.dirname, '../../components/collector-config.yaml');
const otlpPort = 4318;
const prometheusPort = 9464;
const readyMark = 'Everything is ready.';

/** One message of OTLP in its JSON form, as far as metrics and logs go. */
export interface OtlpRequest {
  readonly resourceMetrics?: readonly OtlpResourceMetrics[];
  readonly resourceLogs?: readonly OtlpResourceLogs[];
}

/** The log records of one resource. */
export interface OtlpResourceLogs {
  readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
  readonly scopeLogs?: readonly { readonly logRecords?: readonly OtlpLogRecord[] }[];
}

/** One log record. */
export interface OtlpLogRecord {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano?: string;
  readonly severityText?: string;
  readonly body?: OtlpAttribute['value'];
  readonly attributes?: readonly OtlpAttribute[];
  readonly eventName?: string;
}

/** The metrics of one resource. */
export interface OtlpResourceMetrics {
  readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
  readonly scopeMetrics?: readonly {
    readonly scope?: { readonly name?: string; readonly version?: string };
    readonly metrics?: readonly OtlpMetric[];
  }[];
  readonly schemaUrl?: string;
}

/** One metric; temporality 1 is delta and 2 is cumulative. */
export interface OtlpMetric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: { readonly dataPoints?: readonly OtlpPoint[] };
  readonly sum?: {
    readonly dataPoints?: readonly OtlpPoint[];
    readonly aggregationTemporality?: number;
    readonly isMonotonic?: boolean;
  };
  readonly histogram?: {
    readonly dataPoints?: readonly OtlpPoint[];
    readonly aggregationTemporality?: number;
  };
}

/** One data point; 64-bit integers are strings, and what is zero may be left out. */
export interface OtlpPoint {
  readonly attributes?: readonly OtlpAttribute[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano?: string;
  readonly asInt?: string;
  readonly asDouble?: number | string;
  /** 1: no value from now on. */
  readonly flags?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
}

/** One attribute; exactly one kind of value is there. */
export interface OtlpAttribute {
  readonly key: string;
  readonly value?: {
    readonly stringValue?: string;
    readonly intValue?: string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
    readonly arrayValue?: { readonly values?: readonly NonNullable<OtlpAttribute['value']>[] };
  };
}

/** A configuration of the test's own, as text or as a file, and variables for it. */
export interface CollectorOptions {
  readonly config?: string;
  readonly configFile?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a Collector with OTLP/HTTP in, and a file, a Prometheus page and the log out; or with another configuration,
 * which may use `${env:OTLP_ENDPOINT}`, `${env:PROMETHEUS_ENDPOINT}` (host:port) and `${env:EXPORT_FILE}`.
 */
export async function startCollector(options: string | CollectorOptions = {}): Promise<Collector> {
  const { config, configFile, env } = typeof options === 'string' ? { config: options } : options;
  const program = componentPath('otelcol');
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-otelcol-'));
  const ownConfig = join(directory, 'config.yaml');
  if (config !== undefined) await writeFile(ownConfig, config);
  const collector = new Collector(
    program,
    directory,
    config === undefined ? (configFile ?? defaultConfig) : ownConfig,
    env ?? {},
  );
  try {
    await collector.start();
  } catch (error) {
    await collector[Symbol.asyncDispose]();
    throw error;
  }
  return collector;
}

/** A real OpenTelemetry Collector; its addresses stay the same when it is stopped and started again. */
export class Collector {
  /** The endpoint as `OTEL_EXPORTER_OTLP_ENDPOINT` takes it: without `/v1/metrics`. */
  readonly otlpUrl: string;
  /** The Prometheus exporter's page. */
  readonly prometheusUrl: string;
  readonly #program: string;
  readonly #directory: string;
  readonly #configFile: string;
  readonly #env: Readonly<Record<string, string>>;
  #daemon: Daemon | undefined;

  constructor(program: string, directory: string, configFile: string, env: Readonly<Record<string, string>>) {
    const address = ownLoopbackAddress();
    this.otlpUrl = `http://${address}:${otlpPort}`;
    this.prometheusUrl = `http://${address}:${prometheusPort}/metrics`;
    this.#program = program;
    this.#directory = directory;
    this.#configFile = configFile;
    this.#env = {
      OTLP_ENDPOINT: `${address}:${otlpPort}`,
      PROMETHEUS_ENDPOINT: `${address}:${prometheusPort}`,
      EXPORT_FILE: join(directory, 'export.jsonl'),
      ...env,
    };
  }

  /** The Collector's process; throws while it does not run. */
  get pid(): number {
    if (this.#daemon?.isRunning() !== true) throw new Error('the Collector does not run');
    return this.#daemon.pid;
  }

  /** Starts the Collector, again on the same addresses after `stop()`. */
  async start(): Promise<void> {
    this.#daemon = await startDaemon({
      command: this.#program,
      args: [`--config=${this.#configFile}`],
      env: this.#env,
      logFile: join(this.#directory, 'log'),
      isReady: (logged) => logged.includes(readyMark),
    });
  }

  /** Ends the Collector, which writes what it still holds; what was exported stays readable. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#daemon?.end(signal);
  }

  /** Everything that came in so far, oldest first: one object per message that was written. */
  async fileExport(): Promise<OtlpRequest[]> {
    const written = await readFile(join(this.#directory, 'export.jsonl'), 'utf8').catch(() => '');
    // The last line may be half written.
    const lines = written.split('\n').slice(0, -1);
    return lines.map((line): OtlpRequest => JSON.parse(line));
  }

  /** Waits until what came in is enough (anything at all by default), and gives it. */
  async waitForExport(
    isEnough: (requests: readonly OtlpRequest[]) => boolean = (requests) => requests.length > 0,
    timeoutMillis?: number,
  ): Promise<OtlpRequest[]> {
    const readExport = async (): Promise<OtlpRequest[] | undefined> => {
      const requests = await this.fileExport();
      return isEnough(requests) ? requests : undefined;
    };
    return await waitUntil("the Collector's export", readExport, timeoutMillis);
  }

  /** The Collector's log since its first start. */
  async log(): Promise<string> {
    return await readFile(join(this.#directory, 'log'), 'utf8');
  }

  /** Ends the Collector and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }
}
