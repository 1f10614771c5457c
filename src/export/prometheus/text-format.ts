const special = /[\\\n"]/;

/** A label's value between its quotes. */
export function escapeLabelValue(value: string): string {
  const legal = wellFormed(value);
  return special.test(legal) ? escapeLines(legal).replaceAll('"', '\\"') : legal;
}

/** The text of a HELP line: only OpenMetrics escapes quotes there. */
export function escapeHelp(help: string, format: ExpositionFormat): string {
  return format === 'openmetrics' ? escapeLabelValue(help) : escapeLines(wellFormed(help));
}

/** A number as both formats read it; integers below 1e21 are written in full. */
export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return `${value}`;
}

function escapeLines(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** A lone surrogate has no UTF-8: it becomes U+FFFD. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** The two text formats that Prometheus scrapes: 0.0.4, and OpenMetrics 1.0. */
export type ExpositionFormat = 'text' | 'openmetrics';
