/** The two text formats that Prometheus scrapes: 0.0.4, and OpenMetrics 1.0. */
export type ExpositionFormat = 'text' | 'openmetrics';
