import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { apiOperations, apiSchemas, errorBody, streamMessages } from '../../src/http/schemas.ts';
import type { ApiOperation } from '../../src/http/schemas.ts';
import { markdownTable } from '../../src/metrics/listing.ts';
import manifest from '../../package.json' with { type: 'json' };

const operations: readonly (readonly [string, ApiOperation])[] = Object.entries(apiOperations);
const reference = (id: string): string => `#/components/schemas/${id}`;

/** The API as OpenAPI 3.1, for docs/openapi.json. */
export async function openApi(): Promise<string> {
  const { schemas } = z.toJSONSchema(apiSchemas, { uri: reference });
  const paths = operations.map(([id, operation]) => [
    operation.path.replaceAll(/:(\w+)/g, '{$1}'),
    { get: describe(id, operation) },
  ]);
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Tidegauge',
      version: manifest.version,
      description: 'Containers, their samples and events, to be read only.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:9417' }],
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(Object.entries(schemas).map(withoutId)) },
  };
  return await format(JSON.stringify(document), {
    parser: 'json',
    ...(await resolveConfig(import.meta.filename)),
  });
}

/** In a component its place is its name. */
function withoutId([id, schema]: [string, Readonly<Record<string, unknown>>]): [string, object] {
  const kept = Object.entries(schema).filter(([key]) => key !== '$id' && key !== '$schema');
  return [id, Object.fromEntries(kept)];
}

function describe(operationId: string, operation: ApiOperation): object {
  const errors = Object.entries(operation.errors).map(([status, description]) => [
    status,
    { description, content: { 'application/json': { schema: { $ref: reference(idOf(errorBody)) } } } },
  ]);
  return {
    operationId,
    summary: operation.summary,
    parameters: [
      ...Array.from(operation.path.matchAll(/:(\w+)/g), ([, name]) => ({
        name,
        in: 'path',
        required: true,
        description: 'its id, the beginning of its id, or its name',
        schema: { type: 'string' },
      })),
      ...(operation.hasInterval ? [interval] : []),
    ],
    responses: {
      200: { description: operation.summary, content: contentOf(operation) },
      ...Object.fromEntries(errors),
    },
  };
}

const interval = {
  name: 'interval',
  in: 'query',
  description: 'between two samples, at least 1s: `5s`, `1m`',
  schema: { type: 'string', default: '1s' },
};

function contentOf({ ok }: ApiOperation): object {
  if (!isStream(ok)) return { 'application/json': { schema: { $ref: reference(idOf(ok)) } } };
  const description = `\`data\` of one message, by its \`event\`: ${ok.map((event) => `${event} is ${idOf(streamMessages[event])}`).join(', ')}`;
  const anyOf = ok.map((event) => ({ $ref: reference(idOf(streamMessages[event])) }));
  return { 'text/event-stream': { schema: { description, anyOf } } };
}

function isStream(ok: ApiOperation['ok']): ok is Exclude<ApiOperation['ok'], z.ZodType> {
  return Array.isArray(ok);
}

function idOf(schema: z.ZodType): string {
  const { id } = apiSchemas.get(schema) ?? {};
  if (id === undefined) throw new Error('a schema of the API has no id');
  return id;
}

/** Paths of the API with what they answer, for docs/api.md. */
export function pathTable(): string {
  const rows = operations.map(([, { path, summary, ok, errors }]) => [
    `\`${path}\``,
    isStream(ok) ? `${summary}: ${ok.map((event) => `\`${event}\``).join(', ')}` : `${summary}: ${idOf(ok)}`,
    Object.entries(errors)
      .map(([status, why]) => `${status}: ${why}`)
      .join('; '),
  ]);
  return markdownTable(['path', 'response', 'errors'], rows);
}

/** Fields of everything that the API sends, for docs/api.md. */
export function fieldTable(): string {
  const { schemas } = z.toJSONSchema(apiSchemas, { uri: (id) => id });
  const rows = Object.entries(schemas).flatMap(([id, { properties = {}, required = [] }]) =>
    Object.entries(properties).map(([name, field]) => [
      id,
      `\`${name}\`${required.includes(name) ? '' : '?'}`,
      typeof field === 'boolean' ? 'any' : typeOf(field),
      typeof field === 'boolean' ? '' : (field.description ?? ''),
    ]),
  );
  return markdownTable(['object', 'field', 'type', 'meaning'], rows);
}

interface Field {
  readonly $ref?: string | undefined;
  readonly type?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly format?: string | undefined;
  readonly items?: unknown;
  readonly additionalProperties?: unknown;
}

function typeOf({ $ref, type, enum: words, format, items, additionalProperties }: Field): string {
  if ($ref !== undefined) return $ref;
  if (words) return words.map((word) => `\`${String(word)}\``).join(', ');
  if (type === 'array') return `list of ${isField(items) ? typeOf(items) : 'any'}`;
  if (type === 'object' && isField(additionalProperties)) return 'object of text';
  return format === 'date-time' ? 'time' : String(type);
}

function isField(value: unknown): value is Field {
  return typeof value === 'object' && value !== null;
}
