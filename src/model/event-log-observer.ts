/** Hears what becomes of the log records of events. Every method returns at once and never throws. */
export interface EventLogObserver {
  /** The collector took so many. */
  recordsExported(count: number): void;
  /**
   * So many are lost.
   * @param reason `queue_full`, `rejected` by the collector, or the class of the failed export.
   */
  recordsDropped(count: number, reason: string): void;
}
