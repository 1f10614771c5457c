import { plainText, type Route } from './route.ts';

/** Knows what the agent still waits for. */
export interface Readiness {
  /** Engines that were not probed yet since the start, and why; empty when ready. */
  missing(): readonly { readonly engine: string; readonly reason: string }[];
}

/** Says whether every engine has been probed once since the start; if not, which one is missing and why. */
export function readyRoute(readiness: Readiness): Route {
  return {
    path: '/readyz',
    summary: 'whether every engine has been probed',
    handle(_request, reply) {
      const missing = readiness.missing();
      reply.type(plainText);
      if (missing.length === 0) return reply.send('ready\n');
      const lines = missing.map(({ engine, reason }) => `not ready: ${engine}: ${reason}\n`);
      return reply.code(503).send(lines.join(''));
    },
  };
}
