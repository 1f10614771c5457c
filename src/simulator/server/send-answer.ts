import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer } from '../answers/answers.ts';
import type { Fault } from './faults.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const HTML = '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n';

/** Sends an answer, spoilt by the faults: those that replace it first, then those that change what it says. */
export function sendAnswer(response: ServerResponse, answer: Answer, faults: readonly Fault[]): void {
  if (answer.kind === 'lines') sendLines(response, answer, faults);
  else if (faults.some(({ kind }) => kind === 'stall'))
    response.writeHead(answer.status, JSON_TYPE).flushHeaders();
  else sendBody(response, answer.status, alterText(answer.body, faults), isCutShort(faults));
}

/** Answers as a fault wants that needs no answer at all; tells whether there was such a fault. */
export function sendInstead(response: ServerResponse, faults: readonly Fault[]): boolean {
  return faults.some((fault) => {
    if (fault.kind === 'reset') cutConnection(response);
    else if (fault.kind === 'status') sendBody(response, fault.status, messageOf(fault));
    else if (fault.kind === 'html') sendHtml(response, fault.status ?? 502);
    else if (fault.kind === 'endless') void sendEndless(response, fault.bytes ?? Number.POSITIVE_INFINITY);
    else return fault.kind === 'hang';
    return true;
  });
}

function messageOf({ message = 'simulated fault' }: Extract<Fault, { kind: 'status' }>): string {
  return `${JSON.stringify({ message })}\n`;
}

function sendHtml(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/html' }).end(HTML);
}

function isCutShort(faults: readonly Fault[]): boolean {
  return faults.some(({ kind }) => kind === 'truncate');
}

function sendBody(response: ServerResponse, status: number, body: string, cutShort = false): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...JSON_TYPE, 'Content-Length': bytes.length });
  if (cutShort) response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  else response.end(bytes);
}

function sendLines(
  response: ServerResponse,
  { open }: Extract<Answer, { kind: 'lines' }>,
  faults: readonly Fault[],
): void {
  response.writeHead(200, JSON_TYPE).flushHeaders();
  if (faults.some(({ kind }) => kind === 'stall')) return;
  const cutShort = isCutShort(faults);
  const close = open({
    line: (text) => {
      const altered = alterText(text, faults);
      // The engine ended the stream, and its client has not heard of it yet.
      if (response.writableEnded) return;
      if (cutShort) response.write(altered.slice(0, altered.length / 2), () => response.destroy());
      else response.write(altered);
    },
    end: () => response.end(),
  });
  if (response.closed) close();
  else response.once('close', close);
}

/** Writes an array without end, no faster than it is read, so that the engine's own memory stays flat. */
async function sendEndless(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, JSON_TYPE);
  try {
    await pipeline(Readable.from(endlessArray(bytes)), response);
  } catch {
    // The client had enough: that is how this answer ends.
  }
}

function* endlessArray(bytes: number): Generator<string> {
  const chunk = '"never",'.repeat(8192);
  yield '[';
  for (let sent = 1; sent < bytes; sent += chunk.length) yield chunk;
  yield '0]\n';
}

/** The text of an answer after all faults that change what it says. */
function alterText(text: string, faults: readonly Fault[]): string {
  return faults.reduce(alterOnce, text);
}

function alterOnce(text: string, fault: Fault): string {
  if (fault.kind === 'wrong-type') return '"an engine would not say this"\n';
  if (fault.kind === 'replace') return `${JSON.stringify(fault.json)}\n`;
  if (fault.kind === 'set')
    return `${JSON.stringify(withValue(JSON.parse(text), fault.path, fault.value))}\n`;
  return fault.kind === 'mutate' ? fault.mutate(text) : text;
}

/** A copy of the JSON value in which what the path leads to is another value; missing objects are made. */
function withValue(json: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (Array.isArray(json)) {
    return json.map((item: unknown, index) => (index === first ? withValue(item, rest, value) : item));
  }
  const object = typeof json === 'object' && json !== null ? json : {};
  const before: unknown = Object.entries(object).find(([key]) => key === String(first))?.[1];
  return { ...object, [first]: withValue(before, rest, value) };
}

/** Closes the client's connection at once: with RST on TCP; a unix socket knows only closing. */
export function cutConnection({ socket }: ServerResponse): void {
  if (socket?.remoteAddress === undefined) socket?.destroy();
  else socket.resetAndDestroy();
}
