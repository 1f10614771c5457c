import * as z from 'zod';

/** Schemas that the OpenAPI file names; everything that the API sends is declared here and nowhere else. */
export const apiSchemas = z.registry<{ readonly id: string }>();

const isoTime = z.iso.datetime().describe('RFC 3339, UTC');
const containerId = z
  .string()
  .regex(/^[0-9a-f]+$/)
  .describe('the whole id, as `container.id` over OTLP and `container_id` in Prometheus');
const containerName = z.string().describe('without a slash');
const runtimeName = z.string().describe('URL of the runtime, without credentials');

const metricValue = z
  .strictObject({
    name: z.string().describe('as in the semantic conventions'),
    unit: z.string().describe('UCUM'),
    value: z.number(),
    attributes: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .readonly()
      .optional(),
  })
  .register(apiSchemas, { id: 'MetricValue' });
const metrics = z.array(metricValue).readonly();

const containerState = z
  .strictObject({
    status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']).optional(),
    health: z.enum(['starting', 'healthy', 'unhealthy']).optional(),
    startedAt: isoTime.optional(),
    finishedAt: isoTime.optional(),
    exitCode: z.int().optional().describe('of the last end, or of a start that failed'),
    oomKilled: z.boolean().optional(),
    restartCount: z.int().optional().describe("by the runtime's restart policy"),
  })
  .register(apiSchemas, { id: 'ContainerState' });

const limitNames = {
  cpus: z.number().optional().describe('CPUs by quota or `--cpus`'),
  nanoCpus: z.number().optional().describe('as `--cpus` gave it, in billionths of a CPU'),
  cpuset: z.string().optional().describe('as typed: `0-3,7`'),
  cpuShares: z.number().optional(),
  cpuQuotaMicros: z.number().optional(),
  cpuPeriodMicros: z.number().optional(),
  memoryBytes: z.number().optional(),
  memoryReservationBytes: z.number().optional(),
  memorySwapBytes: z.number().optional().describe('memory and swap together'),
  pids: z.number().optional(),
};
const containerLimits = z
  .strictObject({
    ...limitNames,
    unknown: z.array(z.string()).readonly().optional().describe('limits whose values are malformed'),
  })
  .register(apiSchemas, { id: 'ContainerLimits' });

/** A container; without state, limits and time while its state cannot be read. */
export const containerView = z
  .strictObject({
    id: containerId,
    name: containerName,
    runtime: runtimeName,
    image: z.string().optional().describe('the reference as its user typed it'),
    labels: z.record(z.string(), z.string()).readonly(),
    state: containerState.optional(),
    limits: containerLimits.optional().describe('those that are set'),
    sampledAt: isoTime.optional(),
    metrics,
  })
  .register(apiSchemas, { id: 'Container' });
/** A container in a response: {@link containerView}. */
export type ContainerView = z.infer<typeof containerView>;

/** Every container. */
export const containerList = z
  .strictObject({
    containers: z.array(containerView).readonly(),
    away: z
      .array(runtimeName)
      .readonly()
      .optional()
      .describe('runtimes that do not answer: their containers are not known'),
  })
  .register(apiSchemas, { id: 'ContainerList' });

/** Why a request failed. */
export const errorBody = z.strictObject({ error: z.string() }).register(apiSchemas, { id: 'Error' });

const named = { id: containerId, name: containerName };

/** A sample; only id and name while the container does not run. */
export const sampleView = z
  .strictObject({
    ...named,
    runtime: runtimeName.optional(),
    sampledAt: isoTime.optional(),
    hostCpus: z.number().optional().describe('CPUs of the host'),
    metrics: metrics.optional(),
  })
  .register(apiSchemas, { id: 'Sample' });
/** A sample in a response: {@link sampleView}. */
export type SampleView = z.infer<typeof sampleView>;

const failing = z
  .strictObject({ ...named, reason: z.string().describe('why there are no metrics; they may come again') })
  .register(apiSchemas, { id: 'Failing' });
const recovered = z.strictObject(named).register(apiSchemas, { id: 'Recovered' });
const dropped = z
  .strictObject({ count: z.int().describe('messages that were lost because they were read too slowly') })
  .register(apiSchemas, { id: 'Dropped' });

const containerEvent = z
  .strictObject({
    runtime: runtimeName,
    time: isoTime.optional(),
    id: z.string(),
    name: z.string().optional(),
    action: z.string().describe("the runtime's word: `start`, `die`, `health_status: healthy`"),
    attributes: z
      .record(z.string(), z.string().optional())
      .readonly()
      .describe(
        'labels of the container, its `name` and `image`; `exitCode` and `execDuration` (seconds) of `die`, `signal` of `kill`, `oldName` of `rename`',
      ),
  })
  .register(apiSchemas, { id: 'ContainerEvent' });
const listening = z
  .strictObject({ runtime: runtimeName, listening: z.boolean() })
  .register(apiSchemas, { id: 'Listening' });
const missed = z.strictObject({ runtime: runtimeName }).register(apiSchemas, { id: 'Missed' });

/** Messages of streams, by the name of the event. */
export const streamMessages = {
  stats: sampleView,
  failing,
  recovered,
  dropped,
  container: containerEvent,
  listening,
  missed,
} as const;

type StreamEvent = keyof typeof streamMessages;

/** One message of a stream, under the name of its kind. */
export type StreamMessage = {
  readonly [Event in StreamEvent]: {
    readonly event: Event;
    readonly data: z.infer<(typeof streamMessages)[Event]>;
  };
}[StreamEvent];

/** Responses of one path of the API to GET. */
export interface ApiOperation {
  /** With `:name` for a parameter. */
  readonly path: string;
  /** For the index, the OpenAPI file and docs/api.md. */
  readonly summary: string;
  /** The body, or the names of the messages of a stream. */
  readonly ok: z.ZodType | readonly StreamEvent[];
  /** Takes `interval`, the time between two samples. */
  readonly hasInterval?: true;
  /** Statuses besides 200, each with why. */
  readonly errors: Readonly<Record<number, string>>;
}

const busy = 'too many requests are in progress; see Retry-After';
const notFound = 'no such container, or more than one';
const away = 'no such container, but a runtime does not answer; or too many requests are in progress';
const samples = ['stats', 'failing', 'recovered', 'dropped'] as const;

/** Every path of the API. */
export const apiOperations = {
  list: {
    path: '/api/v1/containers',
    summary: 'every container, as JSON',
    ok: containerList,
    errors: { 503: busy },
  },
  one: {
    path: '/api/v1/containers/:container',
    summary: 'one container by id or name, as JSON',
    ok: containerView,
    errors: { 404: notFound, 503: away },
  },
  stats: {
    path: '/api/v1/containers/:container/stats',
    summary: 'its samples, as server-sent events',
    ok: samples,
    hasInterval: true,
    errors: { 400: 'interval is malformed or below 1 s', 404: notFound, 503: away },
  },
  allStats: {
    path: '/api/v1/stats',
    summary: 'samples of every container, as server-sent events',
    ok: samples,
    hasInterval: true,
    errors: { 400: 'interval is malformed or below 1 s', 503: 'too many streams are open' },
  },
  events: {
    path: '/api/v1/events',
    summary: 'what happens to containers, as server-sent events',
    ok: ['container', 'listening', 'missed', 'dropped'],
    errors: { 503: 'too many streams are open' },
  },
} as const satisfies Readonly<Record<string, ApiOperation>>;
