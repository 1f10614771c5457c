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
