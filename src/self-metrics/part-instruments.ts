import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { AuditFailure, AuditObserver, EventLogObserver } from '../model/observers.ts';
import { endpointKey } from '../model/runtime.ts';

/** From equal values over rounding to one that is wrong altogether. */
const differenceBuckets = [0, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.25, 0.5, 1];

const failures: readonly AuditFailure[] = ['difference', 'no-pair'];

/** Metrics of the self-audit. */
export class AuditInstruments implements AuditObserver {
  readonly #difference: Histogram;
  readonly #failures: Counter;

  constructor(meter: Meter) {
    this.#difference = meter.createHistogram('tidegauge.audit.difference', {
      unit: '1',
      description:
        'Difference to what the docker command computes from the same responses, of the larger value',
      advice: { explicitBucketBoundaries: differenceBuckets },
    });
    this.#failures = meter.createCounter('tidegauge.audit.failures', {
      unit: '{failure}',
      description: 'Audits with a value that differs, and those that found no two responses to compare with',
    });
  }

  begin(runtime: string): void {
    for (const type of failures) this.#failures.add(0, { [endpointKey]: runtime, 'error.type': type });
  }

  metricCompared(runtime: string, metric: string, difference: number): void {
    this.#difference.record(difference, { [endpointKey]: runtime, metric });
  }

  auditFailed(runtime: string, failure: AuditFailure): void {
    this.#failures.add(1, { [endpointKey]: runtime, 'error.type': failure });
  }
}

/** The agent's own instruments of events that are exported as logs: how many leave, how many are lost and why. */
export class EventLogInstruments implements EventLogObserver {
  readonly #exported: Counter;
  readonly #dropped: Counter;

  constructor(meter: Meter) {
    this.#exported = meter.createCounter('tidegauge.event_logs.exported', {
      unit: '{record}',
      description: 'Events that the collector took as log records; with --event-logs',
    });
    this.#dropped = meter.createCounter('tidegauge.event_logs.dropped', {
      unit: '{record}',
      description: 'Events that were to be log records and are lost, by reason; with --event-logs',
    });
  }

  /** Lets the counters begin at 0: one that first appears at 1 has no increase. */
  begin(): void {
    this.#exported.add(0);
    this.#dropped.add(0, { 'error.type': 'queue_full' });
  }

  recordsExported(count: number): void {
    this.#exported.add(count);
  }

  recordsDropped(count: number, reason: string): void {
    this.#dropped.add(count, { 'error.type': reason });
  }
}

/** The agent's own instrument of requests that its server refuses, or whose response it breaks off. */
export class RefusalInstruments {
  readonly #refused: Counter;

  /** @param reasons each begins at 0: a counter that first appears at 1 has no increase. */
  constructor(meter: Meter, reasons: readonly string[]) {
    this.#refused = meter.createCounter('tidegauge.http.requests.refused', {
      unit: '{request}',
      description: 'Requests that were refused, or whose response was broken off, by reason',
    });
    for (const reason of reasons) this.#refused.add(0, { 'error.type': reason });
  }

  requestRefused(reason: string): void {
    this.#refused.add(1, { 'error.type': reason });
  }
}

/** The agent's own instrument of pages that were made before their scrape came. */
export class PreparedScrapeInstruments {
  readonly #prepared: Counter;

  /** @param outcomes each begins at 0: a counter that first appears at 1 has no increase. */
  constructor(meter: Meter, outcomes: readonly string[]) {
    this.#prepared = meter.createCounter('tidegauge.scrapes.prepared', {
      unit: '{scrape}',
      description:
        'Pages made before their scrape was to come, by outcome: served, outdated by a change, unused',
    });
    for (const outcome of outcomes) this.#prepared.add(0, { outcome });
  }

  ended(outcome: string): void {
    this.#prepared.add(1, { outcome });
  }
}
