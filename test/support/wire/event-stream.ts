import { request } from 'node:http';

/** One message of a stream of server-sent events, and when it came. */
export interface StreamedMessage {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly arrivedAt: number;
}

/** A stream of server-sent events that is read from now on; what has come of it so far. */
export class EventStream implements Disposable {
  readonly messages: StreamedMessage[] = [];
  readonly #asked: ReturnType<typeof request>;
  #rest = '';
  #hasEnded = false;

  constructor(url: string) {
    this.#asked = request(url, (answer) => {
      answer.setEncoding('utf8').on('data', (chunk: string) => this.#accept(chunk));
      answer.on('close', () => (this.#hasEnded = true));
    });
    this.#asked.on('error', () => undefined).end();
  }

  /** The data of the messages of one kind. */
  of(event: string): readonly StreamedMessage['data'][] {
    return this.messages.filter((each) => each.event === event).map(({ data }) => data);
  }

  /** True once either side has ended it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  [Symbol.dispose](): void {
    this.#asked.destroy();
  }

  #accept(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined && data !== undefined)
        this.messages.push({ event, data: JSON.parse(data), arrivedAt: Date.now() });
    }
  }
}
