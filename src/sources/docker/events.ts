import type { ContainerEvent } from '../../model/events.ts';
import { objectOf, textMapOf, textOf } from '../json-fields.ts';
import { SourceError } from '../source-error.ts';

/** A line that is longer is none of an engine. */
const maxLineCharacters = 1024 * 1024;

/**
 * What changes a container or is counted. The engine filters: `exec_*` of health checks alone would be a flood.
 * Attributes such as the image and the exit code come with each event (Moby `daemon/events.go`).
 */
const actions = [
  'create',
  'start',
  'restart',
  'die',
  'stop',
  'kill',
  'oom',
  'pause',
  'unpause',
  'rename',
  'update',
  'destroy',
  'health_status',
] as const;

const filters = encodeURIComponent(JSON.stringify({ type: ['container'], event: actions }));

/**
 * The path of the stream of events, without the API version.
 * @param sinceNanos where in what the engine remembers it begins; absent: with what happens next.
 */
export function eventsPath(sinceNanos?: number): string {
  if (sinceNanos === undefined) return `/events?filters=${filters}`;
  const nanos = BigInt(Math.max(0, Math.floor(sinceNanos)));
  const fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
  return `/events?since=${nanos / 1_000_000_000n}.${fraction}&filters=${filters}`;
}

/** One event; undefined for what was not asked for: some proxies drop the filters. */
function parseEvent(value: unknown): ContainerEvent | undefined {
  const event = objectOf(value);
  const actor = objectOf(event?.['Actor']);
  const id = textOf(actor?.['ID']);
  const action = actionOf(event);
  if (id === undefined || action === undefined) return undefined;
  const nanos = timeOf(event?.['timeNano']);
  const attributes = textMapOf(actor?.['Attributes']);
  return { id, action, attributes, ...(nanos !== undefined && { nanos }) };
}

/** A `destroy` may be a volume's. What a health check leads to stands after a colon: `health_status: healthy`. */
function actionOf(event: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const type = event?.['Type'];
  if (type !== undefined && type !== 'container') return undefined;
  const action = textOf(event?.['Action']);
  const isAskedFor = actions.some((name) => action === name || action?.startsWith(`${name}:`));
  return isAskedFor ? action : undefined;
}

/** The engine's 64 bits. Asked to begin with a later time it refuses, and then it would for ever. */
function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && value < 2 ** 63 ? value : undefined;
}

/** The events of a stream of JSON lines. Throws SourceError `bad-response` on anything else; ends with the stream. */
export async function* readEvents(chunks: AsyncIterable<string>): AsyncGenerator<ContainerEvent> {
  let pending = '';
  for await (const chunk of chunks) {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    if (pending.length > maxLineCharacters)
      throw new SourceError('bad-response', `events: a line of more than ${maxLineCharacters} characters`);
    for (const line of lines) {
      const event = line.trim() === '' ? undefined : parseEvent(parseLine(line));
      if (event) yield event;
    }
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new SourceError(
      'bad-response',
      `events: not JSON, begins with ${JSON.stringify(line.slice(0, 60))}`,
      cause,
    );
  }
}
