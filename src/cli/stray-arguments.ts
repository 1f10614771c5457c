import { nearest, showValue } from '../config/messages.ts';
import { flagOf, isSwitch } from '../config/settings/setting.ts';
import { flaggedSettings } from '../config/settings/settings.ts';
import type { Command, Flags } from './command.ts';

/** What yargs made of the arguments. */
export interface Parsed {
  readonly command: Command;
  readonly commands: readonly Command[];
  readonly flags: Flags;
}

/** Everything among the arguments that belongs to nothing, named as the user wrote it. */
export function findStrays(args: readonly string[], parsed: Parsed): string[] {
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
