/** The `filters` of a request: wanted values by key. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** A parsed `filters` parameter, or an error. */
export type ParsedFilters =
  | { readonly kind: 'filters'; readonly filters: Filters }
  | { readonly kind: 'invalid'; readonly message: string };

/** Reads `filters` in both forms that Moby takes: `{"key":["value"]}` and the older `{"key":{"value":true}}`. */
export function parseFilters(text: string | null, known: ReadonlySet<string>): ParsedFilters {
  if (text === null || text === '') return { kind: 'filters', filters: new Map() };
  const value = parseObject(text);
  if (!value) return { kind: 'invalid', message: 'invalid filter' };
  const filters = new Map<string, readonly string[]>();
  for (const [key, wanted] of Object.entries(value)) {
    if (!known.has(key)) return { kind: 'invalid', message: `invalid filter '${key}'` };
    const values = wantedValues(wanted);
    if (!values) return { kind: 'invalid', message: 'invalid filter' };
    filters.set(key, values);
  }
  return { kind: 'filters', filters };
}

/** True when one of the filter's values of the key passes the test; true without a filter on the key. */
export function anyWanted(filters: Filters, key: string, test: (wanted: string) => boolean): boolean {
  const wanted = filters.get(key) ?? [];
  return wanted.length === 0 || wanted.some(test);
}

/** True when the labels have all that the `label` filter requires, each as `key` or `key=value`. */
export function labelsMatch(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get('label') ?? []).every((wanted) => {
    const equals = wanted.indexOf('=');
    if (equals === -1) return Object.hasOwn(labels, wanted);
    const key = wanted.slice(0, equals);
    return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
  });
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // Not JSON at all is answered like JSON of the wrong shape.
    return undefined;
  }
}

function wantedValues(wanted: unknown): string[] | undefined {
  if (typeof wanted !== 'object' || wanted === null) return undefined;
  const values: unknown[] = Array.isArray(wanted) ? wanted : Object.keys(wanted);
  return values.every((value) => typeof value === 'string') ? values : undefined;
}
