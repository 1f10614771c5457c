import { parseExactJson, objectOf, textOf } from '../json.ts';
import { SourceError } from '../source-error.ts';
import type { Answer } from '../http/keep-alive-client.ts';

/** As much of a redirect's target as a message shows. */
const maxShownLocation = 200;

/** The JSON of a response with status 200. Throws {@link SourceError} for any other status. */
export function expectOk(answer: Answer, what: string): unknown {
  if (answer.status === 200) return parseExactJson(answer.text, what);
  throw statusError(answer, what);
}

/** The error of a response with another status than was expected: `not-found` for 404, else `runtime-error`. */
export function statusError(
  { status, text, location }: Answer,
  what: string,
  { isWholeEngine = false }: { readonly isWholeEngine?: boolean } = {},
): SourceError {
  if (status >= 300 && status < 400)
    return new SourceError('runtime-error', `${what}: ${redirectMessage(status, location)}`);
  const message = engineMessage(text);
  if (status === 404) return new SourceError('not-found', `${what}: ${message}`);
  const advice = isWholeEngine && (status === 401 || status === 403) ? `; ${proxyAdvice}` : '';
  return new SourceError('runtime-error', `${what}: status ${status}: ${message}${advice}`);
}

const proxyAdvice =
  'a proxy before the engine must let pass GET of /containers/json, /containers/ID/json and /containers/ID/stats, ' +
  'better of /version, /info and /events, too; if it wants another version before them, --docker-api-version names it';

/** No engine redirects: what does is a login page or an ingress, and its target is whatever it likes. */
function redirectMessage(status: number, location: string | undefined): string {
  const target = location === undefined ? '' : ` to ${JSON.stringify(location.slice(0, maxShownLocation))}`;
  return (
    `status ${status}, a redirect${target}, is not followed: ` +
    'a proxy or a login page answers in place of the engine; name the address of its API with --docker-url'
  );
}

/** The engine's own words (`{"message": …}`), else the beginning of what came instead. */
function engineMessage(text: string): string {
  try {
    return textOf(objectOf(JSON.parse(text))?.['message']) ?? 'no reason given';
  } catch {
    // A proxy's HTML page, for instance.
    return JSON.stringify(text.slice(0, 60));
  }
}
