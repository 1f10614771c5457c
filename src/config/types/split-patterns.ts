/** Where an expression between slashes ends: at a slash before `=`, a comma or the end. */
const expression = /^\s*\/(?:\\.|[^\\])+?\/(?=\s*(?:=|,|$))/s;

/**
 * Splits what one text says of several patterns at its commas: those outside of braces, and outside of an expression
 * between slashes that begins an item. `/^a{1,2}/=b, {c,d}*` is two.
 */
export function splitPatterns(text: string): string[] {
  const items: string[] = [];
  for (let rest = text; rest !== '';) {
    const start = expression.exec(rest)?.[0].length ?? 0;
    const end = commaOutsideBraces(rest, start);
    items.push(rest.slice(0, end).trim());
    rest = rest.slice(end + 1);
  }
  return items.filter((item) => item !== '');
}

/** The first part of `PATTERN=REST`, and the rest where there is one: an expression may hold `=` itself. */
export function cutAtEquals(text: string): [pattern: string, rest: string | undefined] {
  const start = expression.exec(text)?.[0].length ?? 0;
  const equals = text.indexOf('=', start);
  return equals < 0
    ? [text.trim(), undefined]
    : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

function commaOutsideBraces(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    else if (character === ',' && depth <= 0) return at;
  }
  return text.length;
}
