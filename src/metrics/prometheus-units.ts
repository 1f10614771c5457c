/** UCUM codes and Prometheus' words for them, as the OTel–Prometheus compatibility specification wants them spelled. */
const words: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tebibytes'],
  ['KBy', 'kilobytes'],
  ['kBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['%', 'percent'],
  ['1', ''],
]);

/** The same below a fraction line, where Prometheus counts in the singular. */
const wordsBelow: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['min', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
]);

const annotations = /\{[^}]*\}/g;

/** The suffix that a UCUM unit asks for, without its underscore; empty for what Prometheus counts without a unit. */
export function unitSuffix(unit: string, isGauge: boolean): string {
  if (unit === '1') return isGauge ? 'ratio' : '';
  const [above = '', ...rest] = unit.replaceAll(annotations, '').split('/');
  const numerator = wordOf(words, above);
  const denominator = wordOf(wordsBelow, rest.join('_per_'));
  return [numerator, denominator && `per_${denominator}`].filter((part) => part !== '').join('_');
}

/** Codes without a word stay as they are, as far as a name may hold them. */
function wordOf(table: ReadonlyMap<string, string>, code: string): string {
  const trimmed = code.trim();
  return (table.get(trimmed) ?? trimmed).replaceAll(/[^a-zA-Z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
}
