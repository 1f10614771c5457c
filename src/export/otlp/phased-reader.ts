import { createHash } from 'node:crypto';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { PeriodicExportingMetricReaderOptions } from '@opentelemetry/sdk-metrics';

/** Longer than the agent's own metrics take, which collect at the same time. */
const hurriedMillis = 500;

type CollectOptions = Parameters<PeriodicExportingMetricReader['collect']>[0];
type ShutdownOptions = Parameters<PeriodicExportingMetricReader['shutdown']>[0];

/** What a {@link PhasedReader} knows besides the stock reader's options; in milliseconds. */
export interface PhasedReaderOptions extends PeriodicExportingMetricReaderOptions {
  /** From its beginning to its first period. */
  readonly phaseMillis: number;
  /** A collection waits no longer than this, so that time is left to export it in. */
  readonly patienceMillis: number;
}

/**
 * The stock periodic reader, except that its periods begin at a phase of the host's own: a fleet that starts at one
 * moment does not push at one moment for ever after. The first export is whoever starts it's to ask for, by
 * `exportNow()`. The stock reader lets a collection take the time-out of the export: whatever hangs in it would then
 * cost every second period.
 */
export class PhasedReader extends PeriodicExportingMetricReader {
  readonly #phaseMillis: number;
  #patienceMillis: number;
  #hasUrgentExports = 0;
  #phase: NodeJS.Timeout | undefined;

  constructor(options: PhasedReaderOptions) {
    super(options);
    this.#phaseMillis = options.phaseMillis;
    this.#patienceMillis = options.patienceMillis;
  }

  /** Begins the periods; until then nothing is exported unasked. */
  begin(): void {
    this.#phase = setTimeout(() => {
      super.onInitialized();
      void this.forceFlush();
    }, this.#phaseMillis);
  }

  /** Exports what there is in a moment, whatever else is still waited for. */
  async exportNow(): Promise<void> {
    this.#hasUrgentExports += 1;
    try {
      await this.forceFlush();
    } finally {
      this.#hasUrgentExports -= 1;
    }
  }

  override collect(options?: CollectOptions): ReturnType<PeriodicExportingMetricReader['collect']> {
    const { timeoutMillis: asked = Infinity } = options ?? {};
    const hurry = this.#hasUrgentExports > 0 ? hurriedMillis : Infinity;
    return super.collect({ timeoutMillis: Math.min(asked, hurry, this.#patienceMillis) });
  }

  /** Half of the time is the last collection's, the other half its export's. */
  override async shutdown(options?: ShutdownOptions): Promise<void> {
    const { timeoutMillis = Infinity } = options ?? {};
    this.#patienceMillis = Math.min(this.#patienceMillis, timeoutMillis / 2);
    await super.shutdown(options);
  }

  /** The provider calls this when it takes the reader in; an agent that then cannot listen must not export. */
  protected override onInitialized(): void {}

  protected override async onShutdown(): Promise<void> {
    clearTimeout(this.#phase);
    await super.onShutdown();
  }
}

/** A moment within the interval that differs from host to host and is the same at each start; at least a quarter in. */
export function phaseOf(hostName: string, intervalMillis: number): number {
  const digest = createHash('sha256').update(hostName).digest();
  const share = digest.readUInt32BE(0) / 2 ** 32;
  return Math.round(intervalMillis * (0.25 + 0.75 * share));
}
