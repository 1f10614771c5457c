import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiMessages } from './api-source.ts';

/** The content type of server-sent events. */
export const eventStream = 'text/event-stream; charset=utf-8';
/** Something is sent that often, so that neither end nor a proxy between them takes a quiet stream for a dead one. */
export const defaultHeartbeatMillis = 15_000;
/** Maximum text taken from the source at a time: its queue drops the oldest messages for the newest. */
const maxTextLength = 16 * 1024;

/** Answers with server-sent events. A client that does not read is waited for here, and loses the oldest at the source. */
export function sendEvents(
  { method }: FastifyRequest,
  reply: FastifyReply,
  open: () => ApiMessages,
  heartbeatMillis: number,
): FastifyReply {
  reply.type(eventStream).header('cache-control', 'no-store');
  return method === 'HEAD' ? reply.send() : reply.send(streamOf(open(), heartbeatMillis));
}

function streamOf(messages: ApiMessages, heartbeatMillis: number): Readable {
  const texts = new MessageText(messages);
  let isAsking = false;
  const stream = new Readable({
    objectMode: true,
    highWaterMark: 1,
    read() {
      // A heartbeat makes the stream read again while a read is pending.
      if (isAsking) return;
      isAsking = true;
      texts.next().then(
        (text) => {
          isAsking = false;
          if (text === null) clearInterval(heartbeat);
          stream.push(text);
        },
        (error: Error) => stream.destroy(error),
      );
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

/** The text of a stream's messages, joined per turn of the event loop: a storm is not thousands of writes. */
class MessageText {
  readonly #messages: ApiMessages;
  #next: ReturnType<ApiMessages['next']> | undefined;

  constructor(messages: ApiMessages) {
    this.#messages = messages;
  }

  /** Waits for a message; null after the last one. */
  async next(): Promise<string | null> {
    let result: Awaited<ReturnType<ApiMessages['next']>> | undefined = await this.#ask();
    const turn = nextTurn(undefined);
    let text = '';
    while (result && !result.done) {
      this.#next = undefined;
      text += `event: ${result.value.event}\ndata: ${JSON.stringify(result.value.data)}\n\n`;
      if (text.length >= maxTextLength) return text;
      result = await Promise.race([this.#ask(), turn]);
    }
    return text === '' ? null : text;
  }

  #ask(): ReturnType<ApiMessages['next']> {
    return (this.#next ??= this.#messages.next());
  }
}
