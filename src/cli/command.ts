import type { z } from 'zod';
import type { ConfigInput } from '../config/load-config.ts';
import type { Config } from '../config/settings/settings.ts';
import type { Log } from '../log.ts';

/** An option of one command alone, such as `once --format`; given by flag only. */
export interface CommandOption<Type extends z.ZodType = z.ZodType> {
  /** Takes text, true or false as yargs leaves them. */
  readonly type: Type;
  /** As a user would write it; absent: the option may be undefined. */
  readonly default?: string;
  /** One sentence without its full stop. */
  readonly help: string;
}

/** Options by key: `maxAge` is the flag `--max-age`. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** A command line and its description, for the help text. */
interface CommandExample {
  readonly line: string;
  readonly does: string;
}

/** Input of a command's `run`. */
export interface CommandContext<Options extends CommandOptions = CommandOptions> {
  readonly config: Config;
  /** Already logged; for commands that show them too. */
  readonly warnings: readonly string[];
  readonly log: Log;
  /** The command's own options, checked. */
  readonly argv: { readonly [Key in keyof Options]: z.output<Options[Key]['type']> };
  readonly version: string;
  /** For results and nothing else. */
  readonly stdout: NodeJS.WritableStream;
  /** Aborted when a signal or an error is to end the process before `run` has returned. */
  readonly signal: AbortSignal;
}

/** A command that goes on until it is stopped. */
export interface RunningCommand {
  /** Ends within 5 s; later the process ends without it. */
  stop(): Promise<void>;
  /** Takes over a configuration that was read again; an error is logged and changes nothing. */
  reload?(config: Config): Promise<void>;
  /** Settles when the command ends by itself: the exit code, or an error. */
  readonly ended?: Promise<number>;
}

/** Arguments that a command read by itself. */
export interface OwnArguments extends Required<Pick<ConfigInput, 'given' | 'defaults'>> {
  readonly flags: Flags;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

/** One subcommand. */
export interface Command<Options extends CommandOptions = CommandOptions> {
  readonly name: string;
  /** One line for the help text. */
  readonly describe: string;
  readonly options: Options;
  readonly examples: readonly CommandExample[];
  /** Reads the arguments behind its name, where they are another program's; or gives a text to print. */
  readonly readArguments?: (args: readonly string[], version: string) => OwnArguments | string;
  /** The exit code once done, or a command that goes on. An error is logged, and the exit code is 1. */
  run(context: CommandContext<Options>): Promise<number | RunningCommand>;
}

/** Flags by name without dashes: text, true or false, or an array where one was repeated. */
export interface Flags {
  /** The words that are no flags. */
  readonly _: readonly (string | number)[];
  readonly [flag: string]: unknown;
}
