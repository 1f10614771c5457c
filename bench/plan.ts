/** A runtime that the benchmark starts: a Docker Engine, or a simulated one. */
export type RuntimeName = '20.10' | 'current' | 'simulated';

/** Exporters while measuring: the scraped page alone, or a push besides. */
export type Exports = 'prometheus' | 'prometheus+otlp';

export const agentNames = [
  'docker_stats',
  'docker_stats_default',
  'cadvisor',
  'kernel',
  'api',
  'same_series',
  'floor',
] as const;

/**
 * An agent that is measured: the Collector's docker_stats receiver with optional metrics or with its defaults,
 * cAdvisor, ours by the kernel's files, ours by the runtime's API, ours by the kernel's files with the receiver's own
 * series, and the floor, which reads the kernel's files and does nothing with them.
 */
export type AgentName = (typeof agentNames)[number];

export const partNames = ['real', 'fast', 'simulated', 'large', 'scaling', 'backends'] as const;

/** A part of the benchmark, which can be run alone. */
export type Part = (typeof partNames)[number];

/** One thing to measure. */
export interface Step {
  readonly part: Part;
  readonly runtime: RuntimeName;
  readonly containers: number;
  /** A window of cycles, the time until the first page, reading beside the floor, or what receives our points. */
  readonly task: 'window' | 'start' | 'reading' | 'backends';
  readonly agent: AgentName;
  readonly exports: Exports;
  readonly intervalSeconds: number;
  readonly cycles: number;
  /** When in an interval the scrape comes, 0..1; a push begins an interval. */
  readonly scrapePhase: number;
  readonly repetition: number;
}

/** Steps on one runtime, one after another. */
export interface Group {
  readonly runtime: RuntimeName;
  /** Simulated containers get cgroups of their own, empty ones. */
  readonly hasCgroups: boolean;
  readonly steps: readonly Step[];
}

/** What the plan is made of. */
export interface PlanOptions {
  readonly parts: readonly Part[];
  readonly runtimes: readonly RuntimeName[];
  readonly agents: readonly AgentName[];
  readonly repetitions: number;
  /** Absent: as the parts have it. */
  readonly containers?: number;
  readonly cycles?: number;
  readonly intervalSeconds?: number;
  readonly exports?: Exports;
  readonly scrapePhase?: number;
}

const realContainers = 200;
const startContainers = 50;
/** Of simulated containers. */
const sizes = [10, 100, 1000, 5000, 10_000];
/** Far enough after a push that a scrape has to probe anew. */
const usualPhase = 0.6;

/** Groups in the order in which they run: each repetition has every runtime and agent, so that noise falls on all. */
export function plan(options: PlanOptions): readonly Group[] {
  const repetitions = Array.from({ length: options.repetitions }, (_, index) => index + 1);
  const groups = repetitions.flatMap((repetition) =>
    options.parts.flatMap((part) => makers[part](options, repetition)),
  );
  const wanted = groups.flatMap((each) => {
    const steps = each.steps.filter((step) => isWanted(step, options));
    return steps.length > 0 && options.runtimes.includes(each.runtime) ? [{ ...each, steps }] : [];
  });
  return wanted.reduce(joined, []);
}

/** A real runtime takes a minute to start its containers: what one repetition does on it is done at once. */
function joined(groups: readonly Group[], next: Group): readonly Group[] {
  const same = groups.find(({ runtime, steps }) => {
    return runtime === next.runtime && steps[0]?.repetition === next.steps[0]?.repetition;
  });
  if (!same || next.runtime === 'simulated') return [...groups, next];
  const steps = [...same.steps, ...next.steps];
  return groups.map((each) => (each === same ? { ...each, steps } : each));
}

function isWanted({ task, agent }: Step, { agents }: PlanOptions): boolean {
  if (task === 'reading') return agents.includes('kernel') && agents.includes('floor');
  return task === 'backends' || agents.includes(agent);
}

type Maker = (options: PlanOptions, repetition: number) => readonly Group[];

const makers: Readonly<Record<Part, Maker>> = {
  real: (options, repetition) =>
    (['20.10', 'current'] as const).map((runtime) => real(options, repetition, runtime)),
  fast: (options, repetition) => {
    const base = stepOf(options, { part: 'fast', runtime: '20.10', containers: realContainers, repetition });
    return [group('20.10', [{ ...base, agent: 'api', intervalSeconds: 5, cycles: options.cycles ?? 12 }])];
  },
  simulated: (options, repetition) => {
    const base = stepOf(options, { part: 'simulated', runtime: 'simulated', containers: 1000, repetition });
    return [
      group('simulated', [
        { ...base, agent: 'docker_stats_default' },
        { ...base, agent: 'api' },
        { ...base, agent: 'api', exports: 'prometheus+otlp' },
      ]),
    ];
  },
  large: (options, repetition) => {
    const base = stepOf(options, { part: 'large', runtime: 'simulated', containers: 5000, repetition });
    // Push and scrape at one moment.
    return [group('simulated', [{ ...base, agent: 'api', exports: 'prometheus+otlp', scrapePhase: 0 }])];
  },
  scaling: (options, repetition) =>
    sizes.flatMap((containers) => {
      const base = stepOf(options, { part: 'scaling', runtime: 'simulated', containers, repetition });
      return (['api', 'kernel'] as const).map((agent) =>
        group('simulated', [{ ...base, agent, cycles: options.cycles ?? 3 }], agent === 'kernel'),
      );
    }),
  backends: (options, repetition) => {
    const base = stepOf(options, { part: 'backends', runtime: 'simulated', containers: 1000, repetition });
    return [group('simulated', [{ ...base, task: 'backends', agent: 'api', exports: 'prometheus+otlp' }])];
  },
};

function real(options: PlanOptions, repetition: number, runtime: RuntimeName): Group {
  const base = stepOf(options, { part: 'real', runtime, containers: realContainers, repetition });
  const agents = ['docker_stats', 'cadvisor', 'kernel', 'api', 'same_series', 'floor'] as const;
  return group(runtime, [
    { ...base, task: 'start', agent: 'kernel', containers: Math.min(startContainers, base.containers) },
    { ...base, task: 'reading', agent: 'kernel' },
    ...agents.map((agent) => ({ ...base, agent })),
  ]);
}

function group(runtime: RuntimeName, steps: readonly Step[], hasCgroups = false): Group {
  return { runtime, steps, hasCgroups };
}

type Base = Pick<Step, 'part' | 'runtime' | 'containers' | 'repetition'>;

function stepOf(options: PlanOptions, base: Base): Step {
  const {
    containers,
    cycles = 6,
    intervalSeconds = 10,
    exports = 'prometheus',
    scrapePhase = usualPhase,
  } = options;
  return {
    ...base,
    containers: containers ?? base.containers,
    task: 'window',
    agent: 'kernel',
    exports,
    intervalSeconds,
    cycles,
    scrapePhase,
  };
}
