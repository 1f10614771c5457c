import { diag } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult as SdkExportResult } from '@opentelemetry/core';
import type { Log } from '../../log.ts';
import type { ExportObserver, ExportResult } from '../../model/observers.ts';
import type { OtlpOutcome } from './transport.ts';

/** Sums up the requests of one export. */
export class ExportTally {
  /** Of all requests, before compression. */
  bytes = 0;
  #rejected = 0;
  #message: string | undefined;
  #failure: Exclude<OtlpOutcome, { status: 'success' }> | undefined;

  /** Adds how one request ended: the first failure is the export's. */
  add(outcome: OtlpOutcome): void {
    if (outcome.status !== 'success') this.#failure ??= outcome;
  }

  /**
   * Adds what a response of success refuses nevertheless.
   * @param read the count and the reason; throws for a response that is none of OTLP, which refuses nothing.
   */
  addRejected(read: () => readonly [count: number | string | undefined, message: string | undefined]): void {
    try {
      const [count = 0, message = ''] = read();
      this.#rejected += Number(count);
      if (message !== '') this.#message ??= message;
    } catch {}
  }

  /** The result of the whole. */
  result(seconds: number): ExportResult {
    const failure = this.#failure;
    const reason = failure?.reason ?? this.#message;
    return {
      seconds,
      bytes: this.bytes,
      rejectedPoints: this.#rejected,
      ...(reason !== undefined && { reason }),
      ...(failure && {
        error: failure.error,
        address: failure.address,
        isRetryable: failure.status === 'retryable',
      }),
    };
  }
}

/**
 * Logs when exports begin to fail, when a collector begins to refuse them, and when they succeed again: one line per
 * change, not one per round.
 */
export function loggedExports(log: Log, url: string, what = 'points'): ExportObserver {
  let state: 'new' | 'ok' | 'rejecting' | 'refused' | 'failing' = 'new';
  return {
    exportEnded({ error, reason, address, isRetryable, rejectedPoints }) {
      const before = state;
      state = rejectedPoints > 0 ? 'rejecting' : 'ok';
      // A collector that is away refuses connections and times out in turn: it is still away.
      if (error !== undefined) state = isRetryable ? 'failing' : 'refused';
      const fields = { url, error, reason, address, ...(rejectedPoints > 0 && { rejectedPoints }) };
      if (state === before) log.debug(fields, `export: still ${state}`);
      else if (error !== undefined) log.warn(fields, 'export fails');
      else if (state === 'rejecting') log.warn({ url, rejectedPoints, reason }, `collector refuses ${what}`);
      else log.info({ url }, before === 'new' ? 'first export succeeded' : 'export succeeds again');
    },
  };
}

/**
 * Hands the result of an export to the SDK, whatever ends it: a rejection, as of an observer that throws, is a failed
 * export. Never rejects.
 */
export async function handOver(
  exporting: Promise<SdkExportResult>,
  done: (result: SdkExportResult) => void,
): Promise<void> {
  try {
    done(await exporting.catch(failed));
  } catch (error) {
    diag.error('the end of an export could not be handled', error);
  }
}

function failed(thrown: unknown): SdkExportResult {
  return {
    code: ExportResultCode.FAILED,
    error: thrown instanceof Error ? thrown : new Error(String(thrown)),
  };
}
