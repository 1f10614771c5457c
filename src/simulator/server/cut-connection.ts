import type { ServerResponse } from 'node:http';

/** Closes the client's connection at once: with RST on TCP; a unix socket knows only closing. */
export function cutConnection({ socket }: ServerResponse): void {
  if (socket?.remoteAddress === undefined) socket?.destroy();
  else socket.resetAndDestroy();
}
