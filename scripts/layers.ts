import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const repository = join(import.meta.dirname, '..');

/** A folder or a root file of src: what it holds, and which rooms it may import. */
export interface Room {
  /** Path below src. */
  readonly name: string;
  readonly holds: string;
  /** Rooms by name; `sources/*.ts` stands for the files of that room's first level alone. */
  readonly imports: readonly string[];
  /** Its families (folders below it) that may import each other, by importer; all may import the room's own files. */
  readonly families?: Readonly<Record<string, readonly string[]>>;
  /** May import the OpenTelemetry SDK; all others may import its API alone. */
  readonly usesSdk?: true;
  /** May use neither timers nor the process. */
  readonly isPure?: true;
}

/** The law: the linter's rules and the table of docs/architecture.md are made from it. Imports run downwards. */
export const rooms: readonly Room[] = [
  {
    name: 'main.ts',
    holds: 'the edge of the process: arguments, signals, exit code',
    imports: ['cli', 'log.ts', 'clock.ts'],
  },
  {
    name: 'healthcheck.ts',
    holds: 'the image’s health check: a program of its own, as each check loads it anew',
    imports: [],
  },
  {
    name: 'cli',
    holds: 'the program and its command line; one subcommand a file in `commands/`',
    imports: [
      'agent',
      'config',
      'audit',
      'export',
      'self-metrics',
      'metrics',
      'tracker',
      'model',
      'simulator',
      'log.ts',
      'clock.ts',
    ],
  },
  {
    name: 'agent',
    holds: 'composition: resolves a configuration once and makes every object from it',
    imports: [
      'config',
      'http',
      'live',
      'audit',
      'export',
      'self-metrics',
      'metrics',
      'attributes',
      'tracker',
      'sources',
      'concurrency',
      'model',
      'log.ts',
      'clock.ts',
    ],
  },
  {
    name: 'live',
    holds: 'samples and events for those who watch, sampled only while somebody does; views of the HTTP API',
    imports: ['http', 'metrics', 'tracker', 'concurrency', 'model', 'log.ts', 'clock.ts'],
  },
  {
    name: 'export',
    holds: 'the container producer and both readers: OTLP, the Prometheus exposition, event logs',
    imports: ['metrics', 'attributes', 'tracker', 'concurrency', 'model', 'log.ts', 'clock.ts'],
    families: { logs: ['otlp'] },
    usesSdk: true,
  },
  {
    name: 'audit',
    holds: 'the arithmetic of `docker stats` written a second time, and the comparison with ours',
    imports: ['metrics', 'model', 'log.ts'],
  },
  {
    name: 'self-metrics',
    holds: "the agent's own instruments",
    imports: ['metrics', 'model', 'clock.ts'],
  },
  {
    name: 'metrics',
    holds: 'the catalogue: declaration and observation of each instrument together, one family a profile',
    imports: ['attributes', 'model'],
    isPure: true,
  },
  {
    name: 'attributes',
    holds: 'identity, labels and environment of a container as attributes, and their cardinality limit',
    imports: ['model'],
    isPure: true,
  },
  {
    name: 'tracker',
    holds: 'the tracker set, its update lock and probes; one container in `container/`, events in `events/`',
    imports: ['sources/*.ts', 'concurrency', 'model', 'log.ts', 'clock.ts'],
  },
  {
    name: 'sources',
    holds: "where containers are found and their usage is read; each runtime's wire words in its own folder",
    imports: ['concurrency', 'model'],
    families: { docker: ['http'], cgroup: ['kernel'] },
  },
  {
    name: 'http',
    holds: 'the server and its routes, behind small interfaces of its own',
    imports: ['concurrency', 'log.ts'],
  },
  {
    name: 'config',
    holds: 'one table of settings, the types of their values, loading, a pasted receiver block',
    imports: [],
    families: { settings: ['types', 'receiver'], receiver: ['types', 'settings'] },
  },
  {
    name: 'simulator',
    holds:
      'an engine that speaks the Docker API, for `--demo`, `--replay` and tests; shares no code with its client',
    imports: ['log.ts', 'clock.ts'],
    families: { answers: ['world'], server: ['answers'], replay: ['answers', 'server'] },
  },
  {
    name: 'concurrency',
    holds: 'queues, pools and waits that know nothing of containers',
    imports: ['clock.ts'],
  },
  {
    name: 'model',
    holds: 'pure types: containers, samples, snapshots, events, instruments',
    imports: [],
    isPure: true,
  },
  { name: 'log.ts', holds: 'the logger and its one line format', imports: [] },
  { name: 'clock.ts', holds: 'time, real or fake', imports: [] },
];

/** A part of the linter's configuration that holds for some files. */
interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, unknown>>;
}

const sdk = {
  group: [
    '@opentelemetry/*',
    '@opentelemetry/*/*',
    '!@opentelemetry/api',
    '!@opentelemetry/semantic-conventions',
    '!@opentelemetry/semantic-conventions/*',
  ],
  message: 'Only src/export imports the OpenTelemetry SDK, so that its next major touches one folder.',
};
const barrels = { group: ['**/index.ts'], message: 'No barrels: import the file that declares the name.' };
const impure = ['process', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'];

/** The families of a room: the folders below it. */
function familiesOf(room: string): readonly string[] {
  const entries = readdirSync(join(repository, 'src', room), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

/** The linter's configuration with the overrides that hold the table, in place of those that are there. */
export async function linterConfig(present: string): Promise<string> {
  const configuration: { overrides: Override[] } = JSON.parse(present);
  const others = configuration.overrides.filter(({ rules }) => !('no-restricted-imports' in rules));
  const text = JSON.stringify({ ...configuration, overrides: [...layerOverrides(), ...others] });
  return await format(text, { parser: 'json', ...(await resolveConfig(join(repository, '.oxlintrc.json'))) });
}

/** One override for each depth of each room. */
function layerOverrides(): readonly Override[] {
  return rooms.flatMap((room) =>
    room.name.endsWith('.ts')
      ? [override(room, [`src/${room.name}`], './')]
      : [
          override(room, [`src/${room.name}/*.ts`], '../'),
          ...familiesOf(room.name).map((family) =>
            override(room, [`src/${room.name}/${family}/*.ts`], '../../', forbiddenSiblings(room, family)),
          ),
        ],
  );
}

function forbiddenSiblings(room: Room, family: string): readonly string[] {
  const allowed = room.families?.[family] ?? [];
  return familiesOf(room.name).filter((other) => other !== family && !allowed.includes(other));
}

function override(
  room: Room,
  files: readonly string[],
  up: string,
  siblings: readonly string[] = [],
): Override {
  const allowed = room.imports.flatMap((name) => {
    if (name.endsWith('/*.ts')) return [`!${up}${name.slice(0, -5)}`, `!${up}${name}`];
    return name.endsWith('.ts') ? [`!${up}${name}`] : [`!${up}${name}`, `!${up}${name}/**`];
  });
  const imports = room.imports.length === 0 ? 'nothing of ours' : room.imports.join(', ');
  const layers = {
    group: [`${up}*`, `${up}*/**`, ...allowed],
    message: `src/${room.name} imports ${imports}: scripts/layers.ts.`,
  };
  const families = {
    group: siblings.flatMap((name) => [`../${name}/*`]),
    message: `Families of src/${room.name} import only those of each other that scripts/layers.ts names.`,
  };
  const patterns = [
    layers,
    ...(siblings.length > 0 ? [families] : []),
    ...(room.usesSdk ? [] : [sdk]),
    barrels,
  ];
  return {
    files,
    rules: {
      'no-restricted-imports': ['error', { patterns }],
      ...(room.isPure && { 'no-restricted-globals': ['error', ...impure] }),
    },
  };
}

/** The table of rooms for docs/architecture.md. */
export function roomRows(): readonly (readonly string[])[] {
  return rooms.map(({ name, holds, imports }) => [
    `\`src/${name}\``,
    holds,
    imports.map((each) => `\`${each}\``).join(', ') || 'nothing of ours',
  ]);
}
