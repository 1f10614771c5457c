import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiMessages } from './api-source.ts';

/** Something is sent that often, so that neither end nor a proxy between them takes a quiet stream for a dead one. */
export const defaultHeartbeatMillis = 15_000;

/** Answers with server-sent events. A client that does not read is waited for here, and loses the oldest at the source. */
export function sendEvents(
  { method }: FastifyRequest,
  reply: FastifyReply,
  open: () => ApiMessages,
  heartbeatMillis: number,
): FastifyReply {
  reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store');
  return method === 'HEAD' ? reply.send() : reply.send(streamOf(open(), heartbeatMillis));
}

function streamOf(messages: ApiMessages, heartbeatMillis: number): Readable {
  let isAsking = false;
  const stream = new Readable({
    objectMode: true,
    highWaterMark: 1,
    read() {
      // A heartbeat makes the stream ask again although it still waits.
      if (isAsking) return;
      isAsking = true;
      messages
        .next()
        .then(({ done, value }) => {
          isAsking = false;
          if (done) clearInterval(heartbeat);
          stream.push(done ? null : `event: ${value.event}\ndata: ${JSON.stringify(value.data)}\n\n`);
        })
        .catch((error: Error) => stream.destroy(error));
    },
    destroy(error, done) {
      clearInterval(heartbeat);
      void messages.return?.();
      done(error);
    },
  });
  const heartbeat = setInterval(() => {
    if (stream.readableLength === 0) stream.push(': \n\n');
  }, heartbeatMillis);
  // Headers leave with the first bytes.
  stream.push(': tidegauge\n\n');
  return stream;
}
