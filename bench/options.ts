import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { agentNames, partNames } from './plan.ts';
import type { Exports, PlanOptions, RuntimeName } from './plan.ts';

/** Settings of a benchmark. */
export interface BenchOptions extends PlanOptions {
  readonly warmUpCycles: number;
  /** How long the runtime is measured without an agent, before and after each. */
  readonly idleSeconds: number;
  readonly results: string;
  /** What the file holds is not measured again. */
  readonly resumes: boolean;
  /** Files to report on, and nothing is measured. */
  readonly reports: readonly string[];
  /** The measured program: `dist/main.js`, `src/main.ts`, or another build. */
  readonly program: string;
  /** Before the program: as the image has them, and for profiles. */
  readonly nodeFlags: readonly string[];
  /** After it. */
  readonly agentFlags: readonly string[];
}

/** Names the flags. */
export const helpText = `node bench/bench.ts [flags]
  --only PART[,PART]       real: 200 containers on each Docker Engine; fast: 200 on 20.10 at 5 s; simulated: 1,000;
                           large: 5,000; scaling: 10 to 10,000; backends: a Collector and a Prometheus; all
  --engine NAME[,NAME]     20.10, current, simulated; all
  --agents NAME[,NAME]     ${agentNames.join(', ')}; all
  --repeat N               repetitions of everything; 3
  --results FILE           JSON lines; bench-results.jsonl
  --resume                 keeps what the file holds and measures the rest: for a run in pieces
  --report FILE            repeatable; the tables of these files, without measuring
  --containers N           instead of each part's own number
  --cycles N               intervals measured; 6, of scaling 3: shims collect garbage every 30 s, so take whole 30 s
  --warm-up N              intervals before those; 3
  --interval N[s]          10s
  --idle N[s]              without an agent, before and after each; 30s
  --exports prometheus|prometheus+otlp  instead of each part's own
  --scrape-phase 0..1      of the interval, after the push; 0.6: far enough that a scrape probes anew
  --[no-]dist              dist/main.js or src/main.ts; dist when it is there
  --program FILE           another build of ours, to compare with
  --node-flag FLAG         repeatable; for our agent, such as --cpu-prof
  --agent-flag FLAG        repeatable; for our agent, such as --metric='!NAME'
  --quick                  3 minutes: 50 containers on the current engine, 30 s an agent, without cAdvisor
`;

const root = join(import.meta.dirname, '..');
const runtimeNames = ['20.10', 'current', 'simulated'] as const;

const quick = {
  only: 'real',
  engine: 'current',
  agents: 'docker_stats,kernel,api,floor',
  repeat: '1',
  containers: '50',
  cycles: '6',
  'warm-up': '1',
  interval: '5s',
};

/** Reads the command line; throws an Error that names the flag at fault. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values: given } = parseArgs({ args: [...args], allowNegative: true, options: flags });
  const usual = given.quick === true ? { ...defaults, ...quick } : defaults;
  const values = { ...usual, ...given };
  return {
    parts: listOf('--only', values.only, partNames),
    runtimes: listOf('--engine', values.engine, runtimeNames satisfies readonly RuntimeName[]),
    agents: listOf('--agents', values.agents, agentNames),
    repetitions: whole('--repeat', values.repeat),
    ...overrides(values),
    warmUpCycles: whole('--warm-up', values['warm-up']),
    idleSeconds: seconds('--idle', values.idle),
    results: resolve(values.results),
    resumes: values.resume,
    reports: values.report.map((file) => resolve(file)),
    program: resolve(values.program ?? join(root, values.dist ? 'dist/main.js' : 'src/main.ts')),
    nodeFlags: [...imageNodeFlags(), ...values['node-flag']],
    agentFlags: values['agent-flag'],
  };
}

const defaults = {
  only: partNames.join(','),
  engine: runtimeNames.join(','),
  agents: agentNames.join(','),
  repeat: '3',
  'warm-up': '3',
  idle: '30s',
  results: join(root, 'bench-results.jsonl'),
  resume: false,
  report: [],
  dist: existsSync(join(root, 'dist/main.js')),
  'node-flag': [],
  'agent-flag': [],
};

const flags = {
  only: { type: 'string' },
  engine: { type: 'string' },
  agents: { type: 'string' },
  repeat: { type: 'string' },
  results: { type: 'string' },
  resume: { type: 'boolean' },
  report: { type: 'string', multiple: true },
  containers: { type: 'string' },
  cycles: { type: 'string' },
  'warm-up': { type: 'string' },
  interval: { type: 'string' },
  idle: { type: 'string' },
  exports: { type: 'string' },
  'scrape-phase': { type: 'string' },
  dist: { type: 'boolean' },
  program: { type: 'string' },
  'node-flag': { type: 'string', multiple: true },
  'agent-flag': { type: 'string', multiple: true },
  quick: { type: 'boolean' },
} as const;

interface Overriding {
  readonly containers?: string | undefined;
  readonly cycles?: string | undefined;
  readonly interval?: string | undefined;
  readonly exports?: string | undefined;
  readonly 'scrape-phase'?: string | undefined;
}

function overrides(values: Overriding): Partial<PlanOptions> {
  const { containers, cycles, interval, exports, 'scrape-phase': phase } = values;
  return {
    ...(containers !== undefined && { containers: whole('--containers', containers) }),
    ...(cycles !== undefined && { cycles: whole('--cycles', cycles) }),
    ...(interval !== undefined && { intervalSeconds: seconds('--interval', interval) }),
    ...(exports !== undefined && { exports: exportsOf(exports) }),
    ...(phase !== undefined && { scrapePhase: shareOf('--scrape-phase', phase) }),
  };
}

/** What stands between `node` and the program in the image. */
function imageNodeFlags(): readonly string[] {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const words: unknown = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]');
  if (!Array.isArray(words)) return [];
  return words.map(String).filter((word) => word.startsWith('--'));
}

function listOf<T extends string>(flag: string, text: string, all: readonly T[]): readonly T[] {
  return text.split(',').map((word) => {
    const found = all.find((each) => each === word);
    if (found === undefined)
      throw new Error(`${flag} ${word}: expected ${all.join(', ')}, separated by commas`);
    return found;
  });
}

function exportsOf(value: string): Exports {
  if (value === 'prometheus' || value === 'prometheus+otlp') return value;
  throw new Error(`--exports ${value}: expected prometheus or prometheus+otlp`);
}

function seconds(flag: string, value: string): number {
  return whole(flag, value.replace(/s$/, ''));
}

function whole(flag: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${flag} ${value}: expected a whole number ≥ 1`);
  return number;
}

function shareOf(flag: string, value: string): number {
  const number = Number(value);
  if (value === '' || !(number >= 0 && number < 1))
    throw new Error(`${flag} ${value}: expected 0 or more, below 1`);
  return number;
}
