import type { Endpoint } from './faults.ts';

/** What a request line asks for. */
export interface RequestTarget {
  readonly query: URLSearchParams;
  /** As written in the path, `1.NN`; absent without a prefix. */
  readonly version: string | undefined;
  readonly route: Route;
}

/** The endpoint of a path, and the container it names. */
export type Route =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint; readonly reference: string | undefined }
  /** The simulation's own counters, for other processes. */
  | { readonly kind: 'requests' }
  | { readonly kind: 'unknown' };

const FIXED: ReadonlyMap<string, Endpoint> = new Map([
  ['/_ping', 'ping'],
  ['/version', 'version'],
  ['/info', 'info'],
  ['/containers/json', 'list'],
  ['/events', 'events'],
  ['/system/df', 'df'],
]);

/** Reads method and URL of a request; HEAD is only for the ping, as in Moby. */
export function parseTarget(method: string, url: string): RequestTarget {
  const [fullPath = '', ...query] = url.split('?');
  const [, version, path = ''] = /^(?:\/v(\d+\.\d+))?(\/.*)?$/.exec(fullPath) ?? [];
  const isAllowed = method === 'GET' || (method === 'HEAD' && path === '/_ping');
  const route: Route = isAllowed ? findRoute(path) : { kind: 'unknown' };
  return { query: new URLSearchParams(query.join('?')), version, route };
}

function findRoute(path: string): Route {
  if (path === '/_simulated/requests') return { kind: 'requests' };
  const fixed = FIXED.get(path);
  if (fixed) return { kind: 'endpoint', endpoint: fixed, reference: undefined };
  const [, encoded, what] = /^\/containers\/(.+)\/(json|stats)$/.exec(path) ?? [];
  const reference = encoded === undefined ? undefined : decode(encoded);
  if (reference === undefined) return { kind: 'unknown' };
  return { kind: 'endpoint', endpoint: what === 'json' ? 'inspect' : 'stats', reference };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A malformed escape names nothing.
    return undefined;
  }
}
