import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';

/** An open stream of JSON lines; disposing it closes the connection. */
export class LineReader implements Disposable {
  readonly #request: ClientRequest;
  readonly #lines: AsyncIterator<string>;

  private constructor(asked: ClientRequest, response: IncomingMessage) {
    this.#request = asked;
    response.on('error', () => undefined);
    this.#lines = createInterface({ input: response })[Symbol.asyncIterator]();
  }

  /** Resolves when the engine has sent its headers, so that nothing that happens later is missed. */
  static async open(socketPath: string, path: string): Promise<LineReader> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const asked = request({ socketPath, path, agent: false }, resolve);
    asked.on('error', reject);
    asked.end();
    return new LineReader(asked, await promise);
  }

  /** The next line; undefined when the engine ended the stream. */
  async next(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  async nextJson(): Promise<unknown> {
    return JSON.parse((await this.next()) ?? 'null');
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }
}
