import * as z from 'zod';

/** A list: separated by commas in one text, a flag given several times, or a YAML list; each item once. */
export function listOf<Item extends z.ZodType>(
  item: Item,
  splitText: (text: string) => string[] = words,
): z.ZodType<readonly z.output<Item>[]> {
  return z
    .preprocess(
      (raw) => split(raw, splitText),
      z.array(item, { error: 'expected a list' }).min(1, { error: 'expected at least one' }),
    )
    .transform((items) => [...new Set(items)])
    .readonly();
}

function split(raw: unknown, splitText: (text: string) => string[]): unknown {
  if (typeof raw === 'string') return splitText(raw);
  return Array.isArray(raw)
    ? raw.flatMap((item: unknown) => (typeof item === 'string' ? splitText(item) : [item]))
    : raw;
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
