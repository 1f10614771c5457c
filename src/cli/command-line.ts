import yargs, { type Argv, type Options } from 'yargs';
import { flagOf, isSwitch, type NamedSetting } from '../config/settings/setting.ts';
import { flaggedSettings } from '../config/settings/settings.ts';
import type { Command, CommandOption, Flags } from './command.ts';
import { findStrays } from './stray-arguments.ts';

/** What there is to run, and which version this is. */
export interface Program {
  /** The first one runs when none is named. */
  readonly commands: readonly Command[];
  readonly version: string;
}

/** What a command line asks for: an answer of its own (help, version, completion) or a command. */
export type CommandLine =
  | { readonly kind: 'answer'; readonly text: string }
  | {
      readonly kind: 'command';
      readonly command: Command;
      readonly flags: Flags;
      readonly problems: readonly string[];
    };

/**
 * Takes the arguments apart; prints nothing and ends nothing. Values are left to the loader of the configuration,
 * which knows every mistake at once where yargs would stop at the first.
 */
export function parseCommandLine(args: readonly string[], program: Program): CommandLine {
  const parser = createParser(program.version);
  const chosen: { command: Command; flags: Flags }[] = [];
  program.commands.forEach((command, index) => {
    const names = index === 0 ? [command.name, '$0'] : [command.name];
    parser.command(names, command.describe, describeCommand(command), (flags) => {
      chosen.push({ command, flags });
    });
    // The builder of the default command runs for the general help too and shows its own.
    if (index > 0) showExamples(parser, command);
  });
  parser.completion(completion, 'Print a script for completion in the shell');
  const text = answerOf(parser, args);
  const [first] = chosen;
  if (text !== '' || first === undefined) return { kind: 'answer', text };
  if (first.flags._[0] === completion) return { kind: 'answer', text: completionScript(program) };
  const problems = findStrays(args, { ...first, commands: program.commands });
  return { kind: 'command', ...first, problems };
}

const completion = 'completion';

function answerOf(parser: Argv, args: readonly string[]): string {
  let text = '';
  parser.parseSync([...args], {}, (_error, _argv, output) => {
    text += output;
  });
  return text;
}

/** A default command makes yargs forget what it has printed, so the script comes from a parser without one. */
function completionScript({ version }: Program): string {
  return answerOf(createParser(version).completion(completion, false), [completion]);
}

function createParser(version: string): Argv {
  return yargs([])
    .scriptName('tidegauge')
    .usage('Usage: $0 [command] [options]')
    .detectLocale(false)
    .exitProcess(false)
    .wrap(110)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'strip-aliased': true,
    })
    .options(Object.fromEntries(flaggedSettings.map((setting) => [setting.flag, describeSetting(setting)])))
    .version(version)
    .alias('help', 'h')
    .epilogue(
      'A flag wins over its variable, that over the file given with --config, that over the default.',
    );
}

function describeSetting(setting: NamedSetting): Options {
  const byDefault =
    setting.defaultText ?? (typeof setting.default === 'string' ? setting.default : undefined);
  return {
    type: isSwitch(setting) ? 'boolean' : 'string',
    group: `${setting.group}:`,
    describe: `${setting.help} [${setting.variables.join(', ')}]`,
    ...(byDefault !== undefined && { defaultDescription: byDefault }),
  };
}

function describeCommand(command: Command): (parser: Argv) => Argv {
  const options = Object.entries(command.options);
  return (parser) => {
    showExamples(parser, command);
    return parser.options(
      Object.fromEntries(options.map(([key, option]) => [flagOf(key), describeOption(command.name, option)])),
    );
  };
}

function showExamples(parser: Argv, { examples }: Command): void {
  for (const { line, does } of examples) parser.example(line, does);
}

function describeOption(commandName: string, option: CommandOption): Options {
  return {
    type: isSwitch(option) ? 'boolean' : 'string',
    group: `Of ${commandName}:`,
    describe: option.help,
    ...(option.default !== undefined && { defaultDescription: option.default }),
  };
}
