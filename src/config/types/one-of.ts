import * as z from 'zod';
import { didYouMean } from '../messages.ts';

/** Options of {@link oneOf}. */
export interface OneOfOptions {
  /** Other spellings and what they stand for. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Advice by word, for words that are not supported. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** One of the given words, upper and lower case alike (as the specification requires of enumerations). */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
  { aliases = {}, hints = {} }: OneOfOptions = {},
): z.ZodType<Words[number]> {
  return z.preprocess(
    (raw) => (typeof raw === 'string' ? spelled(raw, words, aliases) : raw),
    z.enum(words, { error: ({ input }) => errorOf(input, words, hints) }),
  );
}

function spelled(raw: string, words: readonly string[], aliases: Readonly<Record<string, string>>): string {
  const word = raw.trim().toLowerCase();
  const meant = Object.hasOwn(aliases, word) ? (aliases[word] ?? word) : word;
  return words.find((each) => each.toLowerCase() === meant) ?? meant;
}

function errorOf(input: unknown, words: readonly string[], hints: Readonly<Record<string, string>>): string {
  const word = typeof input === 'string' ? input : '';
  const hint = Object.hasOwn(hints, word) ? `; ${hints[word]}` : didYouMean(word, words);
  return `expected one of ${words.join(', ')}${hint}`;
}
