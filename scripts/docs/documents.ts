import { join } from 'node:path';
import { profileNames } from '../../src/config/settings/names.ts';
import { alwaysThere, type ProfileName } from '../../src/metrics/catalogue.ts';
import { markdownTable, metricRows, metricsMarkdown } from '../../src/metrics/listing.ts';
import { roomRows } from '../layers.ts';
import { agentMetrics } from './agent-metrics.ts';
import { flagTable, groupTable } from './cadvisor-flags.ts';
import { fieldTable, pathTable } from './openapi.ts';
import { peerTable, profileRows, telegrafTable } from './migration-blocks.ts';
import { receiverDifferenceTable } from './receiver-differences.ts';
import { commandTable, firstSettingTable, settingTable } from './setting-blocks.ts';
import { walksMarkdown } from './walks.ts';

/** A document with generated parts. */
export interface GeneratedDocument {
  /** Path below the repository's root. */
  readonly file: string;
  /** Generators of the parts, by name. */
  readonly blocks: Readonly<Record<string, () => Promise<string> | string>>;
}

/** Every document with generated parts. */
export const documents: readonly GeneratedDocument[] = [
  { file: 'README.md', blocks: { settings: firstSettingTable } },
  {
    file: 'docs/architecture.md',
    blocks: {
      rooms: () => markdownTable(['room', 'holds', 'may import'], roomRows()),
      walks: () => walksMarkdown(join(import.meta.dirname, '../..')),
    },
  },
  { file: 'docs/api.md', blocks: { paths: pathTable, fields: fieldTable } },
  { file: 'docs/cli.md', blocks: { commands: commandTable } },
  { file: 'docs/configuration.md', blocks: { settings: settingTable } },
  ...profileNames.map((profile) => ({
    file: `docs/metrics/${pageOf(profile)}`,
    blocks: { metrics: () => metricsMarkdown(profileRows(profile)) },
  })),
  { file: 'docs/metrics/agent.md', blocks: { metrics: agentTable } },
  { file: 'docs/migration/docker-exporter.md', blocks: { metrics: () => peerTable('docker_exporter') } },
  {
    file: 'docs/migration/cadvisor.md',
    blocks: { flags: flagTable, groups: groupTable, metrics: () => peerTable('cadvisor') },
  },
  {
    file: 'docs/migration/docker-stats.md',
    blocks: { differences: receiverDifferenceTable, metrics: () => peerTable('docker_stats') },
  },
  { file: 'docs/migration/telegraf.md', blocks: { metrics: telegrafTable } },
];

/** The text with its generated parts as they must be. */
export async function currentText({ blocks }: GeneratedDocument, text: string): Promise<string> {
  const made = Object.entries(blocks).map(async ([name, make]) => [name, await make()] as const);
  return fillIn(text, new Map(await Promise.all(made)));
}

/** Puts each block between the two comments that name it, safe from Prettier; throws when a place or a block is missing. */
export function fillIn(text: string, blocks: ReadonlyMap<string, string>): string {
  const filled = new Set<string>();
  const result = text.replaceAll(
    /<!-- generated: (.*?) -->\n[^]*?<!-- end: \1 -->/g,
    (_place, name: string) => {
      const block = blocks.get(name);
      if (block === undefined) throw new Error(`nothing is generated for "${name}"`);
      filled.add(name);
      return `<!-- generated: ${name} -->\n<!-- prettier-ignore -->\n${block.trim()}\n\n<!-- end: ${name} -->`;
    },
  );
  const homeless = [...blocks.keys()].filter((name) => !filled.has(name));
  if (homeless.length > 0) throw new Error(`no place for ${homeless.map((name) => `"${name}"`).join(', ')}`);
  return result;
}

/** The agent's metrics about itself, which come with every profile. */
async function agentTable(): Promise<string> {
  return metricsMarkdown([...metricRows(alwaysThere), ...(await agentMetrics())]);
}

function pageOf(profile: ProfileName): string {
  return `${profile.replaceAll('_', '-')}.md`;
}
