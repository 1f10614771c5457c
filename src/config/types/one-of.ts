import { z } from 'zod';
import { didYouMean, showValue } from '../messages.ts';

/** More that {@link oneOf} may know of single words. */
export interface OneOfOptions {
  /** Other spellings and what they stand for. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What to tell somebody who writes this word, which is not supported. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** One of the given words, upper and lower case alike (the specification wants enumerations so). */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
  { aliases = {}, hints = {} }: OneOfOptions = {},
): z.ZodType<Words[number]> {
  return z.preprocess(
    (raw) => (typeof raw === 'string' ? spelled(raw, aliases) : raw),
    z.enum(words, { error: ({ input }) => refusal(input, words, hints) }),
  );
}

function spelled(raw: string, aliases: Readonly<Record<string, string>>): string {
  const word = raw.trim().toLowerCase();
  return Object.hasOwn(aliases, word) ? (aliases[word] ?? word) : word;
}

function refusal(input: unknown, words: readonly string[], hints: Readonly<Record<string, string>>): string {
  const word = typeof input === 'string' ? input : '';
  const hint = Object.hasOwn(hints, word) ? `; ${hints[word]}` : didYouMean(word, words);
  return `${showValue(input)} is not one of ${words.join(', ')}${hint}`;
}
