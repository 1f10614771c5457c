import { createHash } from 'node:crypto';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { PeriodicExportingMetricReaderOptions } from '@opentelemetry/sdk-metrics';

/**
 * The stock periodic reader, except that its periods begin at a phase of the host's own: a fleet that starts at one
 * moment does not push at one moment for ever after. The first export is whoever starts it's to ask for, by
 * `forceFlush()`.
 */
export class PhasedReader extends PeriodicExportingMetricReader {
  readonly #phaseMillis: number;
  #phase: NodeJS.Timeout | undefined;

  constructor(options: PeriodicExportingMetricReaderOptions & { readonly phaseMillis: number }) {
    super(options);
    this.#phaseMillis = options.phaseMillis;
  }

  /** Begins the periods; until then nothing is exported unasked. */
  begin(): void {
    this.#phase = setTimeout(() => {
      super.onInitialized();
      void this.forceFlush();
    }, this.#phaseMillis);
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
