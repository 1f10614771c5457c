import { plainText, type Route } from './route.ts';

/** Says that the event loop turns; whether engines answer is no matter of it. */
export function healthRoute(): Route {
  return {
    path: '/healthz',
    summary: 'whether the agent is alive',
    handle: (_request, reply) => reply.type(plainText).send('ok\n'),
  };
}
