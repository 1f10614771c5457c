import { z } from 'zod';
import { showValue } from '../messages.ts';

const expected = 'expected unix://PATH, tcp://HOST:PORT, http://, https://, ssh://USER@HOST or npipe://PATH';

/** Where an engine listens, as `docker -H` takes it. */
export function dockerUrl(): z.ZodType<string> {
  return z
    .string({ error: expected })
    .trim()
    .refine(isDockerUrl, {
      error: ({ input }) => `${showValue(input)}: ${expected}${schemeHint(String(input))}`,
    });
}

function isDockerUrl(url: string): boolean {
  if (/^(?:unix|npipe):\/\/.+/.test(url)) return true;
  if (!/^(?:tcp|http|https|ssh):\/\//.test(url) || !URL.canParse(url)) return false;
  return new URL(url).hostname !== '';
}

function schemeHint(url: string): string {
  if (url.startsWith('/')) return `; did you mean unix://${url}?`;
  return /^[\w.-]+:\d+$/.test(url) ? `; did you mean tcp://${url}?` : '';
}
