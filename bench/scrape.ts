import { Agent, get } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** One scrape as Prometheus makes it: kept-alive, gzip accepted. */
export interface Scrape {
  readonly millis: number;
  readonly bytes: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const headers = { accept: 'text/plain;version=0.0.4', 'accept-encoding': 'gzip' };

/** Scrapes a page; rejects for any status but 200. */
export async function scrape(url: string): Promise<Scrape> {
  const start = performance.now();
  const body = await new Promise<{ data: Buffer; encoding: string | undefined }>((resolve, reject) => {
    const request = get(url, { agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
        else resolve({ data: Buffer.concat(parts), encoding: response.headers['content-encoding'] });
      });
    });
    request.on('error', reject);
  });
  const millis = performance.now() - start;
  const text = body.encoding === 'gzip' ? gunzipSync(body.data).toString() : body.data.toString();
  return { millis, bytes: body.data.length, text };
}

/** The sum over all series of a sample name; undefined when there is none. */
export function valueOf({ text }: Scrape, name: string): number | undefined {
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'gm'))].map(([, value]) =>
    Number(value),
  );
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** The first value of a sample name, as text, with its timestamp if it has one. */
export function firstOf({ text }: Scrape, name: string): string | undefined {
  return new RegExp(`^${name}(?:\\{.*\\})? (.+)$`, 'm').exec(text)?.[1];
}

/** Series on the page, and those of containers among them. */
export function countSeries({ text }: Scrape): { all: number; containers: number } {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { all: lines.length, containers: lines.filter((line) => line.startsWith('container_')).length };
}
