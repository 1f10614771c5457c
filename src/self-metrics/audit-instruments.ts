import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { AuditFailure, AuditObserver } from '../model/observers.ts';

/** From equal over what rounding makes to figures of which one is wrong altogether. */
const differenceBuckets = [0, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.25, 0.5, 1];

const failures: readonly AuditFailure[] = ['difference', 'no-pair'];

/** What the self-audit finds. */
export class AuditInstruments implements AuditObserver {
  readonly #difference: Histogram;
  readonly #failures: Counter;

  constructor(meter: Meter) {
    this.#difference = meter.createHistogram('tidegauge.audit.difference', {
      unit: '1',
      description:
        'Difference to what the docker command computes from the same answers, of the larger figure',
      advice: { explicitBucketBoundaries: differenceBuckets },
    });
    this.#failures = meter.createCounter('tidegauge.audit.failures', {
      unit: '{failure}',
      description: 'Audits with a figure that differs, and those that found no two answers to compare with',
    });
  }

  begin(engine: string): void {
    for (const type of failures) this.#failures.add(0, { engine, 'error.type': type });
  }

  figureCompared(engine: string, figure: string, difference: number): void {
    this.#difference.record(difference, { engine, figure });
  }

  auditFailed(engine: string, failure: AuditFailure): void {
    this.#failures.add(1, { engine, 'error.type': failure });
  }
}
