/** How one export over OTLP ended. */
export interface ExportResult {
  /** Low-cardinality class of the failure: an HTTP status, an errno, `timeout`; absent on success. */
  readonly error?: string;
  readonly seconds: number;
  /** Of all requests, before compression. */
  readonly bytes: number;
  /** Points that the collector refused although it answered 200 (partial success). */
  readonly rejectedPoints: number;
}

/** Hears how exports end. Returns at once and never throws. */
export interface ExportObserver {
  exportEnded(result: ExportResult): void;
}
