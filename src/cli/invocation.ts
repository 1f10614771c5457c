import { metricMistakes } from '../agent/catalogue.ts';
import { validate } from '../config/candidate.ts';
import { ConfigError } from '../config/config-error.ts';
import { loadConfig, readMetricNames } from '../config/load-config.ts';
import type { ConfigInput, LoadedConfig } from '../config/load-config.ts';
import { flagOf } from '../config/settings/setting.ts';
import { parseCommandLine } from './command-line.ts';
import type { Program } from './command-line.ts';
import type { Command, CommandOptions } from './command.ts';

/** A loaded configuration, or every error in it. */
type Reading = LoadedConfig | Refusal;

/** Every error at once. */
interface Refusal {
  readonly kind: 'refusal';
  readonly problems: readonly string[];
}

/** A command with its checked configuration and options. */
export interface ReadyCommand extends LoadedConfig {
  readonly kind: 'command';
  readonly command: Command;
  readonly argv: Readonly<Record<string, unknown>>;
  /** Reads the configuration again, from the same flags and variables and the file as it is now. */
  readonly reread: () => Reading;
}

/** The outcome of reading one command line. */
export type Invocation = ReadyCommand | Refusal | { readonly kind: 'answer'; readonly text: string };

/** Reads arguments, variables and file together, so that all errors are reported at once. */
export function readInvocation(
  args: readonly string[],
  program: Program,
  { environment, readFile }: Omit<ConfigInput, 'flags'>,
): Invocation {
  const line = parseCommandLine(args, program);
  if (line.kind === 'answer') return line;
  const { argv, problems } = readOptions(line.command.options, line.flags);
  const input = { flags: line.flags, environment, readFile };
  const reread = () => readConfig(input);
  const reading = reread();
  const allProblems = [...line.problems, ...problems, ...('problems' in reading ? reading.problems : [])];
  if ('problems' in reading || allProblems.length > 0)
    return { kind: 'refusal', problems: [...allProblems, ...metricMistakes(readMetricNames(input))] };
  return { kind: 'command', command: line.command, argv, reread, ...reading };
}

function readConfig(input: ConfigInput): Reading {
  try {
    return loadConfig(input);
  } catch (error) {
    if (error instanceof ConfigError) return { kind: 'refusal', problems: error.problems };
    throw error;
  }
}

/** A command's own options, checked, by key. */
export interface ReadOptions {
  readonly argv: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}

/** Takes the command's own options from the flags. */
function readOptions(options: CommandOptions, flags: Readonly<Record<string, unknown>>): ReadOptions {
  const argv: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, { type, default: byDefault }] of Object.entries(options)) {
    const name = `--${flagOf(key)}`;
    const raw = flags[flagOf(key)] ?? byDefault;
    const result = validate({ name, raw, type, from: 'flag', isLenient: false }, {}, () => '');
    if ('value' in result) argv[key] = result.value;
    else problems.push(result.error);
  }
  return { argv: Object.freeze(argv), problems };
}
