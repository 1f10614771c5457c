import { nearest, showValue } from '../config/messages.ts';
import { flagOf, isSwitch } from '../config/settings/setting.ts';
import { flaggedSettings } from '../config/settings/settings.ts';

/** Kinds of flags, as Go's package `flag` has them. */
export type GoKind = keyof typeof kinds;

/** A flag's name and kind. */
export interface GoFlag {
  readonly name: string;
  readonly kind: GoKind;
}

/** A command line in Go's syntax, taken apart. */
export interface GoArguments {
  /** The last value of each flag, as text; of a switch `true` or `false`. In the order of the arguments. */
  readonly values: ReadonlyMap<string, string>;
  /** The same values as they were written. */
  readonly written: ReadonlyMap<string, string>;
  /** Our own flags, as they come from our own command line. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly isHelp: boolean;
  readonly problems: readonly string[];
}

/**
 * Takes a command line apart as Go does: one dash or two, `-flag=value` or `-flag value`, switches without a value or
 * with `=value`. Goes on after a mistake, where Go ends, so that all are found. Flags that are ours are taken too.
 */
export function parseGoArguments(args: readonly string[], known: readonly GoFlag[]): GoArguments {
  const parser = new Parser(known);
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) parser.take(arg, left);
  return parser;
}

class Parser implements GoArguments {
  readonly values = new Map<string, string>();
  readonly written = new Map<string, string>();
  readonly own: Record<string, unknown> = {};
  readonly problems: string[] = [];
  isHelp = false;
  readonly #known: ReadonlyMap<string, GoFlag>;
  /** A switch without a value, just before. */
  #bareSwitch: string | undefined;

  constructor(known: readonly GoFlag[]) {
    this.#known = new Map(known.map((flag) => [flag.name, flag]));
  }

  /** @param left the arguments behind it, of which a value is taken away. */
  take(arg: string, left: string[]): void {
    const before = this.#bareSwitch;
    this.#bareSwitch = undefined;
    const [, dashes, name = '', given] = /^(--?)([^=-][^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    if (dashes === undefined) return this.#addStray(arg, before);
    const flag = this.#known.get(name);
    if (flag) return this.#add(flag, given, left);
    if (/^h(?:elp)?$/.test(name)) this.isHelp = true;
    else if (!this.#addOwn(name, given, left)) this.problems.push(this.#unknown(dashes + name));
  }

  #add({ name, kind }: GoFlag, given: string | undefined, left: string[]): void {
    const isBare = kind === 'bool' && given === undefined;
    if (isBare) this.#bareSwitch = name;
    const value = isBare ? 'true' : (given ?? left.shift());
    if (value === undefined) return void this.problems.push(`--${name}: needs a value`);
    const { read, expected } = kinds[kind];
    const text = read(value);
    if (text === undefined)
      return void this.problems.push(`--${name} ${showValue(value)}: expected ${expected}`);
    this.values.delete(name);
    this.values.set(name, text);
    this.written.set(name, value);
  }

  /** Adds a flag of our own; false when it is none. */
  #addOwn(name: string, given: string | undefined, left: string[]): boolean {
    const negated = /^no-(.+)$/.exec(name)?.[1];
    const setting = flaggedSettings.find(
      (each) => each.flag === name || (each.flag === negated && given === undefined && isSwitch(each)),
    );
    if (!setting) return false;
    const isBare = isSwitch(setting) && given === undefined;
    // A switch without a value says by its name which it is.
    const value = isBare ? setting.flag === name : (given ?? left.shift() ?? '');
    const earlier = this.own[setting.flag];
    this.own[setting.flag] = earlier === undefined ? value : [earlier, value].flat();
    return true;
  }

  #addStray(word: string, before: string | undefined): void {
    const isValue = before !== undefined && kinds.bool.read(word) !== undefined;
    const hint = isValue ? `; did you mean --${before}=${word}?` : '';
    this.problems.push(`unexpected argument ${showValue(word)}${hint}`);
  }

  #unknown(written: string): string {
    const name = written.replace(/^-+/, '');
    const all = [...this.#known.keys(), ...flaggedSettings.map(({ key }) => flagOf(key))];
    const near = nearest(name, all);
    return `${written}: unknown flag${near === undefined ? '' : `; did you mean --${near}?`}`;
  }
}

const booleans = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, 'true'] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, 'false'] as const),
]);

/** What each kind takes, and what it makes of that: durations become milliseconds. */
const kinds = {
  bool: { read: (text: string) => booleans.get(text), expected: 'true or false' },
  int: { read: matching(/^[+-]?\d+$/), expected: 'a whole number' },
  uint: { read: matching(/^\d+$/), expected: 'a whole number of 0 or more' },
  float: { read: matching(/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i), expected: 'a number' },
  duration: { read: readGoDuration, expected: 'a duration as Go writes it, such as 500ms, 10s or 1m30s' },
  string: { read: (text: string): string | undefined => text, expected: 'a text' },
} as const;

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}

const unitMillis = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** The milliseconds of a duration in Go's notation: `1h2m3.5s`, or 0 without a unit. */
function readGoDuration(text: string): string | undefined {
  const [, sign = '', amount = ''] = /^([+-]?)(.+)$/s.exec(text) ?? [];
  if (amount === '0') return '0';
  const parts = [...amount.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]+)/g)];
  const isWhole = amount !== '' && parts.map(([part]) => part).join('') === amount;
  if (!isWhole || !parts.every(([, , unit = '']) => unitMillis.has(unit))) return undefined;
  const millis = parts.reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (unitMillis.get(unit) ?? NaN),
    0,
  );
  return `${sign === '-' ? '-' : ''}${millis}`;
}
