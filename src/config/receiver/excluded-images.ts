import { compilePattern } from '../types/pattern.ts';

/**
 * One exclusion: a pattern, or `!` and one that is not to match. Throws an Error that describes the mistake.
 */
export function compileExclusion(item: string): (image: string) => boolean {
  const isNegated = item.startsWith('!');
  const pattern = isNegated ? item.slice(1) : item;
  // Negated, nothing would exclude everything.
  if (pattern === '') throw new Error('expected an image');
  const matches = compilePattern(pattern);
  return (image) => matches(image) !== isNegated;
}

/**
 * A function that is true for excluded images, by the rules of the docker_stats receiver: an item that names
 * the image decides; else one negated name excludes all the others; else each expression and glob may exclude
 * it.
 */
export function compileExclusions(items: readonly string[]): (image: string) => boolean {
  const names = new Set(items);
  const excludesOthers = items.some((item) => item.startsWith('!') && isName(item.slice(1)));
  const patterns = items.filter((item) => !isName(item.replace(/^!/, ''))).map(compileExclusion);
  return (image) => {
    if (names.has(`!${image}`)) return false;
    if (names.has(image) || excludesOthers) return true;
    return patterns.some((excludes) => excludes(image));
  };
}

function isName(item: string): boolean {
  return !/^\/.+\/$|[*?[\]{}]/.test(item);
}
