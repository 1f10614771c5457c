// One piece, because arguments, loading, signals and the stop are steps of one run that ends in one exit code.
import { once } from 'node:events';
import { constants } from 'node:os';
import { metricMistakes } from '../agent/catalogue.ts';
import { validate } from '../config/candidate.ts';
import { ConfigError } from '../config/config-error.ts';
import { loadConfig, readMetricNames } from '../config/load-config.ts';
import type { ConfigInput, LoadedConfig } from '../config/load-config.ts';
import { flagOf } from '../config/settings/setting.ts';
import { createLog } from '../log.ts';
import type { RootLog } from '../log.ts';
import type { Program } from './command-line.ts';
import { parseCommandLine } from './command-line.ts';
import type { Command, RunningCommand, CommandOptions } from './command.ts';
import { cadvisorCommand } from './commands/cadvisor.ts';
import { checkCommand } from './commands/check.ts';
import { metricsCommand } from './commands/metrics.ts';
import { onceCommand } from './commands/once.ts';
import { runCommand } from './commands/run.ts';
import { verifyCommand } from './commands/verify.ts';
import { flushed, refuse } from './process.ts';
import type { ProcessContext, SignalSource } from './process.ts';

/** From arguments to exit code: 0 done, 1 failed, 2 wrongly called. Ends nothing itself. */
export async function runProgram(program: Program, processContext: ProcessContext): Promise<number> {
  const invocation = readInvocation(processContext.args, program, processContext);
  switch (invocation.kind) {
    case 'text':
      processContext.stdout.write(`${invocation.text.trimEnd()}\n`);
      await flushed(processContext.stdout);
      return 0;
    case 'refusal':
      return refuse(invocation.problems, processContext.stderr);
    case 'command':
      return await execute(invocation, program, processContext);
  }
}

function execute(ready: ReadyCommand, { version }: Program, processContext: ProcessContext): Promise<number> {
  const { logDestination: destination } = processContext;
  const log = createLog({ level: ready.config.logLevel, ...(destination && { destination }) });
  for (const warning of ready.warnings) log.warn({}, warning);
  return supervise({ ready, version, processContext, log });
}

/** Every command; the first runs when none is named. */
export const commands: readonly Command[] = [
  runCommand,
  onceCommand,
  checkCommand,
  verifyCommand,
  metricsCommand,
  cadvisorCommand,
];

/** Maximum time for a command to stop. */
const graceMillis = 5_000;

/** Dependencies of {@link supervise}. */
interface Parties {
  readonly ready: ReadyCommand;
  readonly version: string;
  readonly processContext: ProcessContext;
  readonly log: RootLog;
}

/** Runs a command from its start to its exit code, whatever signals come. Never rejects. */
async function supervise(parties: Parties): Promise<number> {
  const { processContext, ready, log } = parties;
  // Timers and sockets of an agent do not keep its process alive by themselves.
  using _alive = setInterval(() => undefined, 2 ** 30);
  using signals = listenForStop(processContext.signals, (error) => log.error({ error }, 'unexpected error'));
  try {
    const { promise: running, resolve: runs } = Promise.withResolvers<RunningCommand>();
    // Before the start: without a listener SIGHUP would end the process.
    using _reload = listenForReload(processContext.signals, { running, reread: ready.reread, log });
    const overdue = graceEnds(signals.asked, parties).then(() => signals.interruptedCode());
    const outcome = await Promise.race([signals.forced, overdue, start(parties, signals)]);
    if (typeof outcome === 'number') return outcome;
    runs(outcome);
    return await Promise.race([signals.forced, whenEnded(outcome), stopWhenAsked(outcome, signals, parties)]);
  } catch (error) {
    return failed(error, parties);
  }
}

async function start(parties: Parties, signals: StopSignals): Promise<number | RunningCommand> {
  const { ready, version, processContext, log } = parties;
  const { argv, config, warnings } = ready;
  const { stdout } = processContext;
  try {
    const outcome = await ready.command.run({
      argv,
      config,
      warnings,
      log,
      version,
      stdout,
      signal: signals.asked,
    });
    if (typeof outcome === 'number') await flushed(stdout);
    return outcome;
  } catch (error) {
    if (!signals.asked.aborted) throw error;
    log.debug({ error }, 'interrupted');
    return signals.interruptedCode();
  }
}

function whenEnded({ ended }: RunningCommand): Promise<number> {
  return ended ?? new Promise<never>(() => undefined);
}

async function stopWhenAsked(
  running: RunningCommand,
  { asked }: StopSignals,
  parties: Parties,
): Promise<number> {
  if (!asked.aborted) await once(asked, 'abort');
  parties.log.info({}, 'stopping');
  const late = graceEnds(asked, parties).then(() => 'late' as const);
  if ((await Promise.race([running.stop(), late])) === 'late') {
    parties.log.warn({}, `not stopped within ${graceMillis / 1_000} s, ending anyway`);
  }
  return 0;
}

async function graceEnds(asked: AbortSignal, { processContext }: Parties): Promise<void> {
  if (!asked.aborted) await once(asked, 'abort');
  await processContext.clock.sleep(graceMillis);
}

/** A command may find contradictions that only it can see, such as two profiles that clash. */
function failed(error: unknown, { processContext, log }: Parties): number {
  if (error instanceof ConfigError) return refuse(error.problems, processContext.stderr);
  log.error({ error }, 'unexpected error');
  return 1;
}

/** Signals and errors that end the process. */
interface StopSignals {
  /** Aborted by the first signal to end. */
  readonly asked: AbortSignal;
  /** Resolves with the exit code when the process must end at once: a second signal, or an uncaught error. */
  readonly forced: Promise<number>;
  /** The exit code of an interrupted command, as a shell has it: 128 and the number of the signal. */
  interruptedCode(): number;
  /** Listens no longer. */
  [Symbol.dispose](): void;
}

/** Listens for SIGTERM and SIGINT, and for uncaught errors. */
function listenForStop(signals: SignalSource, onUncaught: (error: unknown) => void): StopSignals {
  const controller = new AbortController();
  const { promise: forced, resolve: force } = Promise.withResolvers<number>();
  let code = 0;
  const stop = (number: number) => () => {
    code = 128 + number;
    if (controller.signal.aborted) force(code);
    else controller.abort();
  };
  const listeners = {
    SIGTERM: stop(constants.signals.SIGTERM),
    SIGINT: stop(constants.signals.SIGINT),
    uncaughtException: (error: unknown) => {
      onUncaught(error);
      force(1);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) signals.on(name, listener);
  return {
    asked: controller.signal,
    forced,
    interruptedCode: () => code,
    [Symbol.dispose]: () => {
      for (const [name, listener] of Object.entries(listeners)) signals.off(name, listener);
    },
  };
}

/** Dependencies of {@link listenForReload}. */
interface ReloadParties {
  /** Signals that come earlier wait for it. */
  readonly running: Promise<RunningCommand>;
  readonly reread: ReadyCommand['reread'];
  readonly log: RootLog;
}

/** On each SIGHUP, one after the other, reads the configuration again and hands it over. A bad one changes nothing. */
function listenForReload(signals: SignalSource, parties: ReloadParties): Disposable {
  let earlier = Promise.resolve();
  const listener = () => {
    earlier = earlier.then(() => reload(parties));
  };
  signals.on('SIGHUP', listener);
  return { [Symbol.dispose]: () => signals.off('SIGHUP', listener) };
}

async function reload({ running, reread, log }: ReloadParties): Promise<void> {
  const command = await running;
  const { level } = log;
  try {
    const reading = reread();
    if ('problems' in reading) return log.error({ problems: reading.problems }, 'configuration not reloaded');
    if (command.reload === undefined) return log.warn({}, 'this command cannot reload its configuration');
    for (const warning of reading.warnings) log.warn({}, warning);
    // Before the hand-over: what the command now makes takes its level from this log.
    log.level = reading.config.logLevel;
    await command.reload(reading.config);
    log.info({}, 'configuration reloaded');
  } catch (error) {
    log.level = level;
    log.error({ error }, 'configuration not reloaded');
  }
}

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
export type Invocation = ReadyCommand | Refusal | { readonly kind: 'text'; readonly text: string };

/** Reads arguments, variables and file together, so that all errors are reported at once. */
function readInvocation(
  args: readonly string[],
  program: Program,
  { environment, readFile }: Omit<ConfigInput, 'flags'>,
): Invocation {
  const line = parseCommandLine(args, program);
  if (line.kind === 'text') return line;
  const { argv, problems } = readOptions(line.command.options, line.flags);
  const { given, defaults, warnings = [] } = line.own ?? {};
  const input = {
    flags: line.flags,
    environment,
    readFile,
    ...(given && { given }),
    ...(defaults && { defaults }),
  };
  const reread = () => readConfig(input);
  const reading = reread();
  const allProblems = [...line.problems, ...problems, ...('problems' in reading ? reading.problems : [])];
  if ('problems' in reading || allProblems.length > 0)
    return { kind: 'refusal', problems: [...allProblems, ...metricMistakes(readMetricNames(input))] };
  return {
    kind: 'command',
    command: line.command,
    argv,
    reread,
    config: reading.config,
    warnings: [...warnings, ...reading.warnings],
  };
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
