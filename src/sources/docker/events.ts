import { containerActions } from '../../model/events.ts';
import type { ContainerAction, ContainerEvent } from '../../model/events.ts';
import { responseLimits } from '../response-limits.ts';
import { objectOf, present, textMapOf, textOf } from '../json.ts';
import { healthOf } from './list.ts';
import { SourceError } from '../source-error.ts';

/** A longer line is left out: an event carries the labels of its container. */
const maxLineCharacters = responseLimits.itemBytes;

/** The engine's own attributes of an event; the others are the container's labels (Moby `daemon/events.go`). */
const ownAttributes: ReadonlySet<string> = new Set([
  'name',
  'image',
  'exitCode',
  'containerExitCode',
  'signal',
  'oldName',
  'execDuration',
]);

/** The engine filters: `exec_*` of health checks alone would be a flood. */
const filters = encodeURIComponent(JSON.stringify({ type: ['container'], event: containerActions }));

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

/** One event; undefined for one that the filters exclude: some proxies drop them. */
function parseEvent(value: unknown): ContainerEvent | undefined {
  const fields = objectOf(value) ?? {};
  const actor = objectOf(fields['Actor']) ?? {};
  const id = textOf(actor['ID']);
  const kind = fields['Type'] ?? 'container';
  // A `destroy` may be a volume's. The result of a health check follows a colon: `health_status: healthy`.
  const [word, result = ''] = textOf(fields['Action'])?.split(':') ?? [];
  const action = containerActions.find((name) => name === word);
  if (id === undefined || kind !== 'container' || action === undefined) return undefined;
  const attributes = textMapOf(actor['Attributes']);
  return present<ContainerEvent>({
    id,
    action,
    nanos: timeOf(fields['timeNano']),
    name: attributes['name'],
    image: attributes['image'],
    labels: labelsOf(attributes),
    signal: attributes['signal'],
    ...outcomeOf(action, result.trim(), attributes),
  });
}

/** The exit code and the run time of a death, the result of a health check, the name before a renaming. */
function outcomeOf(
  action: ContainerAction,
  result: string,
  attributes: Readonly<Record<string, string>>,
): Pick<ContainerEvent, 'exitCode' | 'execSeconds' | 'health' | 'oldName'> {
  return present({
    exitCode: action === 'die' ? exitCodeOf(attributes) : undefined,
    execSeconds: action === 'die' ? integerOf(attributes['execDuration'], /^\d{1,10}$/) : undefined,
    oldName: action === 'rename' ? attributes['oldName'] : undefined,
    health: action === 'health_status' ? healthOf(result) : undefined,
  });
}

function labelsOf(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !ownAttributes.has(key)));
}

/** Docker's attribute, or Podman's. */
function exitCodeOf(attributes: Readonly<Record<string, string>>): number | undefined {
  return integerOf(attributes['exitCode'] ?? attributes['containerExitCode'], /^-?\d{1,10}$/);
}

function integerOf(text: string | undefined, form: RegExp): number | undefined {
  return text !== undefined && form.test(text) ? Number(text) : undefined;
}

/** The engine's 64 bits. Asked to begin with a later time it refuses, and then it would for ever. */
function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && value < 2 ** 63 ? value : undefined;
}

/**
 * The events of a stream of JSON lines; one that is too long is left out, so that it does not cost the others. Throws
 * SourceError `bad-response` on anything else; ends with the stream.
 */
export async function* readEvents(chunks: AsyncIterable<string>): AsyncGenerator<ContainerEvent> {
  // Searched and joined once, however many chunks a line comes in.
  let parts: string[] = [];
  let length = 0;
  let isLeftOut = false;
  for await (const chunk of chunks) {
    const [end = '', ...begins] = chunk.split('\n');
    parts.push(end);
    length += end.length;
    for (const begin of begins) {
      const line = parts.join('');
      const event = isLeftOut || line.trim() === '' ? undefined : parseEvent(parseLine(line));
      parts = [begin];
      length = begin.length;
      isLeftOut = false;
      if (event) yield event;
    }
    if (length <= maxLineCharacters) continue;
    // Other text than events ends the stream; the next one begins where this one was.
    if (!isLeftOut && !parts.join('').trimStart().startsWith('{'))
      throw new SourceError('bad-response', 'events: expected JSON objects');
    parts = [];
    length = 0;
    isLeftOut = true;
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
