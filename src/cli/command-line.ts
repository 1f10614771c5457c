import yargs from 'yargs';
import type { Argv, Options } from 'yargs';
import { nearest, showValue } from '../config/messages.ts';
import { flagOf, isSwitch } from '../config/settings/setting.ts';
import type { NamedSetting } from '../config/settings/setting.ts';
import { flaggedSettings } from '../config/settings/settings.ts';
import type { Command, CommandOption, Flags, OwnArguments } from './command.ts';

/** Commands and version of a program. */
export interface Program {
  /** The first one runs when none is named. */
  readonly commands: readonly Command[];
  readonly version: string;
}

/** A parsed command line: a text to print (help, version, completion) or a command. */
export type CommandLine =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'command';
      readonly command: Command;
      readonly flags: Flags;
      readonly problems: readonly string[];
      /** Where the command read its arguments by itself. */
      readonly own?: OwnArguments;
    };

/**
 * Takes the arguments apart; prints nothing and ends nothing. Values are left to the loader of the configuration,
 * which finds every mistake at once where yargs would stop at the first.
 */
export function parseCommandLine(args: readonly string[], program: Program): CommandLine {
  const reader = program.commands.find(({ name }) => name === args[0]);
  if (reader?.readArguments) return readOwn(reader, args.slice(1), program.version);
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
  const text = outputOf(parser, args);
  const [first] = chosen;
  if (text !== '' || first === undefined) return { kind: 'text', text };
  if (first.flags._[0] === completion) return { kind: 'text', text: completionScript(program) };
  const problems = findStrays(args, { ...first, commands: program.commands });
  return { kind: 'command', ...first, problems };
}

function readOwn(command: Command, args: readonly string[], version: string): CommandLine {
  const own = command.readArguments?.(args, version) ?? '';
  if (typeof own === 'string') return { kind: 'text', text: own };
  return { kind: 'command', command, flags: own.flags, problems: own.problems, own };
}

const completion = 'completion';

function outputOf(parser: Argv, args: readonly string[]): string {
  let text = '';
  parser.parseSync([...args], {}, (_error, _argv, output) => {
    text += output;
  });
  return text;
}

/** With a default command yargs loses its output, so the script comes from a parser without one. */
function completionScript({ version }: Program): string {
  return outputOf(createParser(version).completion(completion, false), [completion]);
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

/** Arguments as yargs parsed them. */
export interface Parsed {
  readonly command: Command;
  readonly commands: readonly Command[];
  readonly flags: Flags;
}

/** Unknown arguments, as the user wrote them. */
function findStrays(args: readonly string[], parsed: Parsed): string[] {
  const own = Object.keys(parsed.command.options).map(flagOf);
  const known = [...flaggedSettings.map(({ flag }) => flag), ...own, 'help', 'version'];
  const strange = Object.entries(parsed.flags).filter(
    ([flag]) => !known.includes(flag) && !/^(?:_|\$0)$/.test(flag),
  );
  const written = new Set(strange.map(([flag, value]) => asWritten(flag, value, args)));
  return [
    ...strayWords(parsed),
    ...[...written].map((flag) => unknownFlag(flag, known, parsed)),
    ...misusedSwitches(args, parsed.command),
  ];
}

function strayWords({ command, commands, flags }: Parsed): string[] {
  const words = flags._.map(String);
  const names = commands.map(({ name }) => name);
  const [first, ...rest] = words;
  if (command.readArguments)
    return [`${command.name}: has arguments of its own, and stands before all of them`];
  if (first === undefined || first === command.name)
    return rest.map((word) => `unexpected argument ${showValue(word)}`);
  const near = nearest(first, names);
  const hint = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${near}?`;
  return [`unknown command ${showValue(first)}; ${hint}`];
}

/** yargs takes `-interval` for eight flags of one letter. */
function asWritten(flag: string, value: unknown, args: readonly string[]): string {
  if (flag.length === 1) return args.find((arg) => /^-[^-]/.test(arg) && arg.includes(flag)) ?? `-${flag}`;
  return value === false && args.includes(`--no-${flag}`) ? `--no-${flag}` : `--${flag}`;
}

function unknownFlag(written: string, known: readonly string[], { commands }: Parsed): string {
  const [flag = ''] = written.replace(/^-+/, '').split('=');
  const owner = commands.find(({ options }) => Object.keys(options).map(flagOf).includes(flag));
  if (owner !== undefined) return `${written}: is an option of ${owner.name} only`;
  const near = nearest(flag, known);
  return `${written}: unknown flag${near === undefined ? '' : `; did you mean --${near}?`}`;
}

/** yargs takes every value of a switch but `true` for false. */
function misusedSwitches(args: readonly string[], command: Command): string[] {
  const own = Object.entries(command.options).map(([key, { type }]) => ({ flag: flagOf(key), type }));
  const switches = [...flaggedSettings, ...own].filter(isSwitch).map(({ flag }) => `--${flag}`);
  return args
    .map((arg) => ({ name: arg.slice(0, arg.indexOf('=')), value: arg.slice(arg.indexOf('=') + 1) }))
    .filter(({ name, value }) => switches.includes(name) && !/^(?:true|false)$/.test(value))
    .map(({ name, value }) => `${name} ${showValue(value)}: expected true or false`);
}
