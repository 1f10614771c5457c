import { request } from 'node:http';

/** A response: status, headers and the whole body. */
export interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Asks an engine over its socket; rejects when the connection breaks before the body is whole. */
export function ask(socketPath: string, path: string, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: String(Buffer.concat(chunks)),
        }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The JSON of a successful response. */
export async function askJson(socketPath: string, path: string): Promise<unknown> {
  return JSON.parse((await ask(socketPath, path)).text);
}

/** A value inside JSON, by path; undefined when there is none. */
export function dig(json: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.entries(value).find(([name]) => name === String(key))?.[1];
  }, json);
}
