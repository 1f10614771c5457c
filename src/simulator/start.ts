// One piece, because most of it is a table: the containers of each scenario.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { LiveAnswers } from './answers/live-answers.ts';
import { SampleTicks } from './answers/stats.ts';
import type { SimulatedEngineOptions } from './options.ts';
import { FaultTable } from './server/faults.ts';
import { EngineFront } from './server/front.ts';
import { EngineListener } from './server/listener.ts';
import { RequestCounters } from './server/request-counters.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import { ContainerLife, type LifeWorld } from './world/container-life.ts';
import { ContainerSet } from './world/container-set.ts';
import type { ContainerSpec } from './world/container-spec.ts';
import { EventLog } from './world/event-log.ts';
import { createHost } from './world/host.ts';
import type { EngineHost } from './world/host.ts';
import { createRandom } from './world/random.ts';
import { Timeline } from './world/timeline.ts';

/** Interval of the world's own steps, so that events are streamed without other requests. */
const moveMillis = 50;
const churnMillis = 6000;

/** Starts an engine that listens when the promise resolves; close it to take its socket away. */
export async function startSimulatedEngine(options: SimulatedEngineOptions = {}): Promise<SimulatedEngine> {
  const world = createWorld(options);
  const { tickMillis = 1000, tickWait = false } = options;
  const answers = new LiveAnswers({ ...world, ticks: new SampleTicks(tickMillis) });
  const faults = new FaultTable();
  for (const { endpoint, fault, ...scope } of options.faults ?? []) faults.set(endpoint, fault, scope);
  const counters = new RequestCounters();
  const front = new EngineFront({ answers, faults, counters, tickWait });
  const listener = await EngineListener.listen(options, front.handle);
  const timer = options.now ? undefined : setInterval(() => world.timeline.advance(), moveMillis).unref();
  const stopTimer = (): void => clearInterval(timer);
  return new SimulatedEngine({ ...world, front, faults, counters, listener, stopTimer });
}

/** The simulated world with its first containers. */
function createWorld(options: SimulatedEngineOptions): LifeWorld & LiveWorldParts {
  const now = options.now ?? Date.now;
  const start = now();
  const seed = String(options.seed ?? 1);
  const host = createHost(options, start);
  const world = {
    seed,
    host,
    containers: new ContainerSet(),
    events: new EventLog(),
    timeline: new Timeline(now),
  };
  const life = new ContainerLife(world);
  for (const spec of initialContainers(seed, options)) life.place(spec, start);
  if (options.scenario === 'demo') {
    const run = (spec: ContainerSpec, at: number): unknown => life.add(spec, at);
    scheduleChurn(world.timeline, { seed, everyMillis: churnMillis, run }, start);
  }
  return { ...world, life };
}

interface LiveWorldParts {
  readonly host: EngineHost;
  readonly life: ContainerLife;
}

function initialContainers(seed: string, options: SimulatedEngineOptions): ContainerSpec[] {
  return [
    ...(options.scenario === 'demo' ? demoContainers() : []),
    ...ordinaryContainers(seed, options.containers ?? 0),
    ...(options.hostile ? hostileContainers() : []),
    ...(options.specs ?? []),
  ];
}

const mib = 2 ** 20;
const minuteMillis = 60_000;
const hour = 60 * minuteMillis;

/** The containers of the demo: a shop under Compose, and one of each kind of trouble. */
function demoContainers(): ContainerSpec[] {
  return [...shop(), ...troubled(), ...atRest()];
}

function shop(): ContainerSpec[] {
  const check = { intervalMillis: 10_000, goodMillis: 1, badMillis: 0 };
  return [
    service('web', {
      image: 'nginx:1.29',
      ports: [{ privatePort: 80, publicPort: 8080 }],
      healthcheck: check,
    }),
    service('api', {
      image: 'registry.example/shop/api:2.14.0',
      ports: [{ privatePort: 3000 }],
      healthcheck: check,
      limits: { cpus: 2, memoryBytes: 512 * mib, pids: 200 },
      load: { cpus: 0.45, memoryBytes: 260 * mib },
    }),
    service('worker', {
      image: 'registry.example/shop/api:2.14.0',
      load: { cpus: 0.8, memoryBytes: 190 * mib },
    }),
    service('db', {
      image: 'postgres:18',
      mounts: [{ type: 'volume', source: 'shop_db', destination: '/var/lib/postgresql' }],
      limits: { memoryBytes: 1024 * mib, memoryReservationBytes: 512 * mib },
      load: { memoryBytes: 320 * mib, cacheBytes: 500 * mib, writtenBytesPerSecond: 700_000 },
    }),
    service('cache', {
      image: 'redis:8',
      limits: { memoryBytes: 128 * mib },
      load: { memoryBytes: 60 * mib },
    }),
  ];
}

function service(name: string, spec: Omit<ContainerSpec, 'name'>): ContainerSpec {
  return {
    name: `shop-${name}-1`,
    networks: name === 'web' ? ['shop_default', 'edge'] : ['shop_default'],
    restart: 'unless-stopped',
    ageMillis: 5 * hour,
    labels: {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': name,
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.project.config_files': '/srv/shop/compose.yaml',
      'com.docker.compose.project.working_dir': '/srv/shop',
      'com.docker.compose.version': '2.40.3',
    },
    ...spec,
  };
}

function troubled(): ContainerSpec[] {
  return [
    {
      name: 'mail-importer',
      image: 'registry.example/mail-importer:0.3',
      restart: 'always',
      ageMillis: 2 * hour,
      restartCount: 41,
      // Moby would wait a minute by now; the demo should show it restart.
      maxBackoffMillis: 5000,
      ending: { afterMillis: 4000, exitCode: 1 },
    },
    {
      name: 'report-generator',
      image: 'registry.example/reports:1.9',
      limits: { memoryBytes: 256 * mib },
      load: { cacheBytes: 20 * mib },
      ageMillis: 26 * hour,
      ending: { afterMillis: 40_000, exitCode: 137, outOfMemory: true, startedAgainAfterMillis: 15_000 },
    },
    {
      name: 'video-encoder',
      image: 'registry.example/encoder:7',
      limits: { cpus: 0.5 },
      load: { cpus: 1.7, readBytesPerSecond: 4_000_000, writtenBytesPerSecond: 1_500_000 },
      ageMillis: 2 * hour,
    },
    {
      name: 'search',
      image: 'registry.example/search:9.2',
      healthcheck: { intervalMillis: 5000, goodMillis: 40_000, badMillis: 30_000 },
      load: { cpus: 0.3, memoryBytes: 600 * mib },
      ageMillis: hour,
    },
  ];
}

function atRest(): ContainerSpec[] {
  return [
    { name: 'staging-web', image: 'nginx:1.29', initially: 'paused', ageMillis: 3 * hour },
    {
      name: 'db-migration',
      image: 'registry.example/shop/api:2.14.0',
      initially: 'exited',
      ageMillis: 5 * hour,
    },
    {
      name: 'next-release',
      image: 'registry.example/shop/api:2.15.0-rc.1',
      initially: 'created',
      ageMillis: 9 * minuteMillis,
    },
  ];
}

const images = [
  'nginx:1.29',
  'postgres:18',
  'redis:8',
  'registry.example/app:3.1',
  'registry.example/jobs:0.9',
];
const day = 24 * 3_600_000;

/** Specs of that many containers that just run; for load tests. */
function ordinaryContainers(seed: string, count: number): ContainerSpec[] {
  const random = createRandom(`${seed}/ordinary`);
  return Array.from({ length: count }, (_, index) => ordinaryContainer(index + 1, random));
}

function ordinaryContainer(number: number, random: () => number): ContainerSpec {
  const image = images[Math.floor(random() * images.length)] ?? 'busybox:1';
  return {
    name: `ordinary-${String(number).padStart(5, '0')}`,
    image,
    labels: {
      'com.example.team': `team-${number % 7}`,
      'com.example.stage': number % 3 === 0 ? 'staging' : 'production',
      'org.opencontainers.image.version': image.split(':')[1] ?? '1',
    },
    restart: 'unless-stopped',
    ageMillis: Math.floor(random() * 20 * day),
    limits: random() < 0.5 ? {} : { memoryBytes: 512 * mib, cpus: 1 },
  };
}

/** Texts that have broken expositions and exporters before; some engines refuse a few of them. */
const hostileTexts: Readonly<Record<string, string>> = {
  quotes: 'a"b\'c`d',
  newlines: 'first\nsecond\r\nthird\u2028fourth',
  backslashes: 'C:\\new\\table\\',
  nul: 'before\u0000after\u0007\u001b[31m',
  emoji: '🦭 family 👨‍👩‍👧 é',
  loneSurrogate: 'half \ud83d of a pair',
  braces: '{a="b",c!~"d"} 1 # EOF',
  markup: '<script>alert(1)</script>&amp;',
  empty: '',
  huge: 'x'.repeat(65_536),
};

/** Containers with hostile names and labels, and two that differ in nothing but id and name. */
function hostileContainers(): ContainerSpec[] {
  const named = Object.entries(hostileTexts)
    .filter(([kind]) => kind !== 'empty' && kind !== 'huge')
    .map(([kind, text]): ContainerSpec => ({
      name: `${kind} ${text}`,
      labels: { [text]: text, [`com.example.${kind}`]: text },
      env: [`${kind}=${text}`],
    }));
  const labelled: ContainerSpec = {
    name: 'hostile-labels',
    labels: { ...hostileTexts, '': 'empty key', 'a.b': '1', a_b: '2' },
  };
  const twins = ['twin-a', 'twin-b'].map((name): ContainerSpec => ({
    name,
    labels: { 'com.example.twin': 'yes' },
  }));
  return [...named, labelled, ...twins];
}

/** Schedule of short-lived containers. */
interface Churn {
  readonly seed: string;
  readonly everyMillis: number;
  readonly run: (spec: ContainerSpec, at: number) => void;
}

/** Starts a batch job every so often; each ends by itself after some seconds and is removed. */
function scheduleChurn(timeline: Timeline, { seed, everyMillis, run }: Churn, start: number): void {
  const random = createRandom(`${seed}/churn`);
  const next = (number: number, at: number): void => {
    timeline.schedule(at, (due) => {
      run(batchJob(number, random), due);
      next(number + 1, due + everyMillis);
    });
  };
  next(1, start + everyMillis);
}

function batchJob(number: number, random: () => number): ContainerSpec {
  return {
    name: `thumbnails-${number}`,
    image: 'registry.example/thumbnails:4',
    labels: { 'com.example.job': 'thumbnails' },
    autoRemove: true,
    load: { cpus: 0.2 + random() },
    ending: { afterMillis: 500 + Math.floor(random() * 9000), exitCode: random() < 0.15 ? 2 : 0 },
  };
}

/** Requests of an {@link OtlpReceiver} so far. */
export interface Received {
  readonly requests: number;
  /** As sent, compressed or not. */
  readonly bytes: number;
}

/** Takes OTLP over HTTP on a free loopback port and counts it: a demo's stand-in where no collector answers. */
export class OtlpReceiver {
  readonly #server: Server;
  #requests = 0;
  #bytes = 0;

  private constructor() {
    this.#server = createServer((request, response) => this.#take(request, response));
  }

  /** Listens when the promise resolves. */
  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** Whole, path included. */
  get url(): URL {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new URL(`http://127.0.0.1:${port}/v1/metrics`);
  }

  get received(): Received {
    return { requests: this.#requests, bytes: this.#bytes };
  }

  /** Stops listening and ends every connection. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** An empty body is a success without a word, in both encodings. */
  #take(request: IncomingMessage, response: ServerResponse): void {
    request.on('data', (part: Buffer) => (this.#bytes += part.length));
    request.on('end', () => {
      this.#requests += 1;
      response
        .writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/x-protobuf' })
        .end();
    });
  }
}
