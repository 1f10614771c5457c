/** Why one audit found nothing out, or something: a figure that differs, or answers that are not the sample's. */
export type AuditFailure = 'difference' | 'no-pair';

/** Hears what audits find. Every method returns at once and never throws. */
export interface AuditObserver {
  /** An engine is there to be audited from now on. */
  begin(engine: string): void;
  /** One figure of one container was compared; `difference` is 0 when both are equal, 1 when one is missing. */
  figureCompared(engine: string, figure: string, difference: number): void;
  auditFailed(engine: string, failure: AuditFailure): void;
}
