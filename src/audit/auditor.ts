import type { Log } from '../log.ts';
import type { AuditObserver, ProbeObserver, StatsObserver } from '../model/observers.ts';
import type { ContainerSnapshot, RuntimeSnapshot } from '../model/snapshot.ts';
import { ResponsePairs } from './response-pairs.ts';
import { compareMetrics, isWithin } from './compare.ts';
import type { Comparison } from './compare.ts';
import type { MetricReadings } from './our-readings.ts';

/** Number of probes until a chosen container has two responses. */
const probesOfPair = 2;
/** Two ways of dividing the same numbers are nearer than this. */
const tolerance = 0.001;

/** Dependencies of an {@link Auditor}. */
export interface AuditorOptions {
  readonly readings: MetricReadings;
  readonly observer: AuditObserver;
  readonly log: Log;
  /** The current snapshot of a runtime; undefined when there is none. */
  snapshot(runtime: string): RuntimeSnapshot | undefined;
  /** From 0 to 1, without 1. */
  random(): number;
}

interface Audit {
  readonly runtime: string;
  readonly id: string;
  probesLeft: number;
}

/**
 * Chooses one running container after each probe, keeps the runtime's responses on it in the next two, and
 * compares what is then shown of it with the docker command's arithmetic. Costs no call of the runtime.
 */
export class Auditor implements ProbeObserver, StatsObserver {
  readonly #options: AuditorOptions;
  readonly #pairs = new ResponsePairs();
  #audits: readonly Audit[] = [];

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /** A runtime whose containers are audited from now on. */
  begin(runtime: string): void {
    this.#options.observer.begin(runtime);
  }

  statsReceived(id: string, text: string): void {
    if (this.#audits.some((audit) => audit.id === id)) this.#pairs.add(id, text);
  }

  probeEnded(runtime: string): void {
    const { containers = [] } = this.#options.snapshot(runtime) ?? {};
    for (const audit of this.#audits) {
      if (audit.runtime !== runtime) continue;
      audit.probesLeft -= 1;
      if (audit.probesLeft === 0) this.#finish(audit, containers);
    }
    this.#audits = this.#audits.filter(({ probesLeft }) => probesLeft > 0);
    this.#choose(runtime, containers);
  }

  callEnded(): void {}

  inlineTimedOut(): void {}

  #choose(runtime: string, containers: readonly ContainerSnapshot[]): void {
    const candidates = containers.filter(
      ({ sample, identity }) => sample && this.#audits.every(({ id }) => id !== identity.id),
    );
    const chosen = candidates[Math.floor(this.#options.random() * candidates.length)];
    if (!chosen) return;
    this.#audits = [...this.#audits, { runtime, id: chosen.identity.id, probesLeft: probesOfPair }];
  }

  #finish({ runtime, id }: Audit, containers: readonly ContainerSnapshot[]): void {
    const { observer, readings } = this.#options;
    const pair = this.#pairs.of(id);
    this.#pairs.forget(id);
    const snapshot = containers.find(({ identity }) => identity.id === id);
    // It ended in between, or could not be measured, which is counted elsewhere.
    if (!snapshot?.sample) return;
    const comparisons = pair && compareMetrics(snapshot, pair, readings);
    if (!comparisons) return observer.auditFailed(runtime, 'no-pair');
    for (const { figure, difference } of comparisons) observer.metricCompared(runtime, figure, difference);
    const wrong = comparisons.filter((comparison) => !isWithin(comparison, tolerance));
    if (wrong.length > 0) this.#report(snapshot, wrong);
  }

  #report({ runtime, identity }: ContainerSnapshot, wrong: readonly Comparison[]): void {
    this.#options.observer.auditFailed(runtime.name, 'difference');
    const fields = { runtime: runtime.name, container: identity.name, id: identity.id, figures: wrong };
    this.#options.log.warn(fields, 'figures differ from the docker command’s');
  }
}
