import { plainText } from './route.ts';
import type { Route } from './route.ts';

/** A page that names what is served; its texts are ours and need no escaping. */
export function indexRoute(routes: readonly Route[]): Route {
  const items = routes.map(({ path, summary }) => `<li>${linked(path)}: ${summary}</li>`);
  const page = [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<title>Tidegauge</title>',
    '<h1>Tidegauge</h1>',
    '<ul>',
    ...items,
    '</ul>',
    '</html>',
    '',
  ].join('\n');
  return {
    path: '/',
    summary: 'this page',
    handle: (_request, reply) => reply.type('text/html; charset=utf-8').send(page),
  };
}

/** A path with a part to fill in leads nowhere. */
function linked(path: string): string {
  return path.includes(':') ? path : `<a href="${path}">${path}</a>`;
}

/** 200 while the event loop turns, independent of the runtimes. */
export function healthRoute(): Route {
  return {
    path: '/healthz',
    summary: 'whether the agent is alive',
    handle: (_request, reply) => reply.type(plainText).send('ok\n'),
  };
}

/** Reports the causes why the agent is not ready. */
export interface Readiness {
  /** Engines that were not probed yet since the start, and why; empty when ready. */
  missing(): readonly { readonly runtime: string; readonly reason: string }[];
}

/** Says whether every runtime has been probed once since the start; if not, which one is missing and why. */
export function readyRoute(readiness: Readiness): Route {
  return {
    path: '/readyz',
    summary: 'whether every runtime has been probed',
    handle(_request, reply) {
      const missing = readiness.missing();
      reply.type(plainText);
      if (missing.length === 0) return reply.send('ready\n');
      const lines = missing.map(({ runtime, reason }) => `not ready: ${runtime}: ${reason}\n`);
      return reply.code(503).send(lines.join(''));
    },
  };
}
