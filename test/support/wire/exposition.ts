/** One line of an exposition. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since the epoch; only what another program writes has it. */
  readonly millis?: number;
}

type Labels = Readonly<Record<string, string>>;

/**
 * Parses the agent's exposition, for tests of single series; python.ts has the parsers that judge its format.
 */
export function parseExposition(text: string): Exposition {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Exposition(lines.map(parseLine));
}

/** The series of one scrape. */
export class Exposition {
  readonly series: readonly Series[];

  constructor(series: readonly Series[]) {
    this.series = series;
  }

  /** The series of a name that have these labels, and maybe more. */
  all(name: string, labels: Labels = {}): readonly Series[] {
    return this.series.filter((each) => each.name === name && hasLabels(each, labels));
  }

  /** The value of the only such series; undefined when there is none. */
  value(name: string, labels: Labels = {}): number | undefined {
    const [found, ...more] = this.all(name, labels);
    if (more.length > 0) throw new Error(`${more.length + 1} series of ${name} ${JSON.stringify(labels)}`);
    return found?.value;
  }

  /** The sum over such series, 0 for none. */
  sum(name: string, labels: Labels = {}): number {
    return this.all(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** Every series of a container. */
  of(container: string): readonly Series[] {
    return this.series.filter(({ labels }) => labels['container_name'] === container);
  }

  /** The state whose series is 1; undefined when the container has no state, throws when it has two. */
  state(container: string): string | undefined {
    const states = this.all('container_status_state', { container_name: container });
    const [found, ...more] = states.filter(({ value }) => value === 1);
    if (more.length > 0) throw new Error(`${container} is in ${more.length + 1} states`);
    return found?.labels['container_status_state'];
  }
}

function hasLabels({ labels }: Series, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

function parseLine(line: string): Series {
  const [, name = '', labels = '', value = '', millis] =
    /^([^ {]+)(?:\{(.*)\})? (\S+)(?: (\d+))?$/s.exec(line) ?? [];
  if (name === '') throw new Error(`not a series: ${line}`);
  return {
    name,
    labels: Object.fromEntries(labelPairs(labels)),
    value: Number(value.replace('Inf', 'Infinity')),
    ...(millis !== undefined && { millis: Number(millis) }),
  };
}

/** In the order of the keys, so that equal series are written equally. */
function labelPairs(labels: string): readonly (readonly [string, string])[] {
  const pairs = [...labels.matchAll(/([^=,]+)="((?:[^"\\]|\\.)*)"/gs)];
  return pairs
    .map(([, key = '', text = '']) => [key, unescape(text)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
