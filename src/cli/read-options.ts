import { judge } from '../config/candidate.ts';
import { flagOf } from '../config/settings/setting.ts';
import type { CommandOptions } from './command.ts';

/** A command's own options, checked, by key. */
export interface ReadOptions {
  readonly argv: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}

/** Takes from the flags what the command asks for. */
export function readOptions(options: CommandOptions, flags: Readonly<Record<string, unknown>>): ReadOptions {
  const argv: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, { type, default: byDefault }] of Object.entries(options)) {
    const name = `--${flagOf(key)}`;
    const raw = flags[flagOf(key)] ?? byDefault;
    const verdict = judge({ name, raw, type, from: 'flag', isForgiven: false }, {}, () => '');
    if ('value' in verdict) argv[key] = verdict.value;
    else problems.push(verdict.mistake);
  }
  return { argv: Object.freeze(argv), problems };
}
