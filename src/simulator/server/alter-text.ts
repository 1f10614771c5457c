import type { Fault } from './faults.ts';

/** The text of an answer after all faults that change what it says. */
export function alterText(text: string, faults: readonly Fault[]): string {
  return faults.reduce(alterOnce, text);
}

function alterOnce(text: string, fault: Fault): string {
  if (fault.kind === 'wrong-type') return '"an engine would not say this"\n';
  if (fault.kind === 'replace') return `${JSON.stringify(fault.json)}\n`;
  if (fault.kind === 'set')
    return `${JSON.stringify(withValue(JSON.parse(text), fault.path, fault.value))}\n`;
  return fault.kind === 'mutate' ? fault.mutate(text) : text;
}

/** A copy of the JSON value in which what the path leads to is another value; missing objects are made. */
function withValue(json: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (Array.isArray(json)) {
    return json.map((item: unknown, index) => (index === first ? withValue(item, rest, value) : item));
  }
  const object = typeof json === 'object' && json !== null ? json : {};
  const before: unknown = Object.entries(object).find(([key]) => key === String(first))?.[1];
  return { ...object, [first]: withValue(before, rest, value) };
}
