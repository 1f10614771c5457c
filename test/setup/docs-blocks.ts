import { commands } from '../../src/commands/command-list.ts';
import { flagOf, type NamedSetting } from '../../src/config/setting.ts';
import { namedSettings } from '../../src/config/settings.ts';
import { profiles } from '../../src/metrics/catalogue.ts';
import { engineInstruments, trackingInstruments } from '../../src/metrics/engine-instruments.ts';
import { metricRows, metricsMarkdown } from '../../src/metrics/metric-table.ts';
import { receiverDifferences } from '../support/receiver-differences.ts';
import { agentMetrics, peerMetrics } from './agent-metrics.ts';

/** Every generated part of the documents by its name. */
export async function documentBlocks(): Promise<ReadonlyMap<string, string>> {
  const { semconv, docker_exporter: dockerExporter, docker_stats: dockerStats } = profiles;
  const ofEngines = metricRows({ containers: trackingInstruments, engine: engineInstruments });
  return new Map([
    ['commands', commandTable()],
    ['configuration', settingTable()],
    ['metrics semconv', metricsMarkdown(metricRows(semconv))],
    ['metrics docker_exporter', metricsMarkdown([...metricRows(dockerExporter), ...(await peerMetrics())])],
    ['metrics docker_stats', metricsMarkdown(metricRows(dockerStats))],
    ['docker_stats differences', differenceTable()],
    ['metrics agent', metricsMarkdown([...ofEngines, ...(await agentMetrics())])],
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

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, headings.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}
