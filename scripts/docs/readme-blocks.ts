import { commands } from '../../src/cli/program.ts';
import { flagOf, type NamedSetting } from '../../src/config/settings/setting.ts';
import { namedSettings } from '../../src/config/settings/settings.ts';
import { profiles } from '../../src/metrics/catalogue.ts';
import { markdownTable as table } from '../../src/metrics/text-table.ts';
import { metricRows, metricsMarkdown } from '../../src/metrics/listing.ts';
import { receiverDifferences } from './receiver-differences.ts';

/** The generated parts of the README by name. */
export function documentBlocks(): ReadonlyMap<string, string> {
  return new Map([
    ['commands', commandTable()],
    ['configuration', settingTable()],
    ['metrics semconv', metricsMarkdown(metricRows(profiles.semconv))],
    ['docker_stats differences', differenceTable()],
  ]);
}

function commandTable(): string {
  const rows = commands.map(({ name, describe, options }, index) => {
    const flags = Object.entries(options).map(
      ([key, { help, default: byDefault }]) =>
        `\`--${flagOf(key)}\`: ${help}${byDefault === undefined ? '' : ` (default \`${byDefault}\`)`}`,
    );
    return [`\`${name}\`${index === 0 ? ' (or none)' : ''}`, describe, flags.join('; ')];
  });
  return table(['command', 'does', 'options of its own'], rows);
}

function settingTable(): string {
  const groups = Map.groupBy(namedSettings, ({ group }) => group);
  const rows = [...groups].flatMap(([group, settings]) => [
    [`**${group}**`, '', '', '', ''],
    ...settings.map(settingRow),
  ]);
  return table(['flag', 'variable', 'key in the file', 'default', 'meaning'], rows);
}

function settingRow(setting: NamedSetting): string[] {
  const { flag, variables, fileKey, isOutsideFile, isFileOnly, help } = setting;
  return [
    isFileOnly ? '' : `\`--${flag}\``,
    variables.map((name) => `\`${name}\``).join(', '),
    isOutsideFile ? '' : `\`${fileKey}\``,
    defaultOf(setting),
    help,
  ];
}

function differenceTable(): string {
  const rows = receiverDifferences.map(({ of, receiver, ours, why }) => [of, receiver, ours, why]);
  return table(['of', 'the receiver', 'Tidegauge', 'why'], rows);
}

function defaultOf({ defaultText, default: byDefault }: NamedSetting): string {
  if (defaultText !== undefined) return defaultText;
  return typeof byDefault === 'string' ? `\`${byDefault}\`` : '';
}
