import type { Counter, Meter } from '@opentelemetry/api';
import type { EventLogObserver } from '../model/observers.ts';

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
