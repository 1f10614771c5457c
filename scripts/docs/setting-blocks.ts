import { commands } from '../../src/cli/program.ts';
import { flagOf, type NamedSetting } from '../../src/config/settings/setting.ts';
import { namedSettings } from '../../src/config/settings/settings.ts';
import { markdownTable as table } from '../../src/metrics/listing.ts';

/** The settings that most users touch, by their flags; the README has these alone. */
const first = [
  'docker-url',
  'interval',
  'exporter',
  'otlp-endpoint',
  'listen',
  'profile',
  'include',
  'config',
];

/** The commands with the options of their own. */
export function commandTable(): string {
  const rows = commands.map(({ name, describe, options }, index) => {
    const flags = Object.entries(options).map(
      ([key, { help, default: byDefault }]) =>
        `\`--${flagOf(key)}\`: ${help}${byDefault === undefined ? '' : ` (default \`${byDefault}\`)`}`,
    );
    return [`\`${name}\`${index === 0 ? ' (or none)' : ''}`, describe, flags.join('; ')];
  });
  return table(['command', 'does', 'options of its own'], rows);
}

/** Every setting, by group: flag, variable, key, default and meaning. */
export function settingTable(): string {
  const groups = Map.groupBy(namedSettings, ({ group }) => group);
  const rows = [...groups].flatMap(([group, settings]) => [
    [`**${group}**`, '', '', '', ''],
    ...settings.map(settingRow),
  ]);
  return table(['flag', 'variable', 'key in the file', 'default', 'meaning'], rows);
}

/** The eight settings of the README: flag, default and meaning. */
export function firstSettingTable(): string {
  const rows = first.map((flag) => {
    const setting = namedSettings.find((each) => each.flag === flag);
    if (setting === undefined) throw new Error(`there is no setting --${flag}`);
    return [`\`--${flag}\``, defaultOf(setting), setting.help];
  });
  return table(['setting', 'default', 'meaning'], rows);
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

function defaultOf({ defaultText, default: byDefault }: NamedSetting): string {
  if (defaultText !== undefined) return defaultText;
  return typeof byDefault === 'string' ? `\`${byDefault}\`` : '';
}
