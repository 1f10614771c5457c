/** Letters that mean something in a regular expression. */
const special = /[\\^$.|?*+()[\]{}]/;

/** What may stand between a class's brackets, its closing one excluded. */
const classes = /^\[(!?)((?:\\.|[^\]\\])+)\]/s;

/**
 * A glob as the source of a regular expression for a whole text. `*` is any text, slashes too, `?` one character,
 * `[a-z]` and `[!a-z]` one of a class or none of it, `{a,b}` one of several globs; a backslash takes the next
 * character literally. Throws an Error that says what is wrong with the glob.
 */
export function globExpression(glob: string): string {
  let source = '(?s)';
  let depth = 0;
  let rest = glob;
  while (rest !== '') {
    const { text, length, opens = 0 } = nextPart(rest, depth);
    source += text;
    depth += opens;
    rest = rest.slice(length);
  }
  if (depth > 0) throw new Error('{ without its }');
  return source;
}

interface Part {
  readonly text: string;
  /** Characters of the glob that it stands for. */
  readonly length: number;
  /** Braces opened, or closed when negative. */
  readonly opens?: number;
}

function nextPart(rest: string, depth: number): Part {
  switch (rest.charAt(0)) {
    case '*':
      return { text: '.*', length: 1 };
    case '?':
      return { text: '.', length: 1 };
    case '[':
      return classPart(rest);
    case ']':
      throw new Error('] without its [');
    case '{':
      return { text: '(?:', length: 1, opens: 1 };
    case '}':
      return closingPart(depth);
    case ',':
      return { text: depth > 0 ? '|' : ',', length: 1 };
    case '\\':
      return escapedPart(rest);
    default:
      return literalPart(rest, 0);
  }
}

function closingPart(depth: number): Part {
  if (depth === 0) throw new Error('} without its {');
  return { text: ')', length: 1, opens: -1 };
}

function classPart(rest: string): Part {
  const [whole, negation, members] = classes.exec(rest) ?? [];
  if (whole === undefined || members === undefined) throw new Error('[ without its ]');
  const escaped = members.replaceAll(/\\.|[\\^[]/gs, (each) => `\\${each.slice(-1)}`);
  return { text: `[${negation ? '^' : ''}${escaped}]`, length: whole.length };
}

function escapedPart(rest: string): Part {
  if (rest.length === 1) throw new Error('\\ without a character after it');
  return literalPart(rest, 1);
}

/** The whole character, be it of two UTF-16 units. */
function literalPart(rest: string, start: number): Part {
  const character = String.fromCodePoint(rest.codePointAt(start) ?? 0);
  return {
    text: special.test(character) ? `\\${character}` : character,
    length: start + character.length,
  };
}
