import { profileNames } from '../../src/config/settings/names.ts';
import { profiles, type ProfileName } from '../../src/metrics/catalogue.ts';
import { markdownTable } from '../../src/metrics/text-table.ts';
import { metricRows, ownRows, type MetricRow } from '../../src/metrics/listing.ts';
import { cadvisorPeer } from './migration/cadvisor.ts';
import { dockerExporterPeer } from './migration/docker-exporter.ts';
import { dockerStatsPeer } from './migration/docker-stats.ts';
import { moveOf, type Peer } from './migration/moves.ts';
import { telegrafPeer } from './migration/telegraf.ts';

/** What there is to say of a peer, by the name of its profile. */
export const peers: ReadonlyMap<string, Peer> = new Map([
  ['docker_exporter', dockerExporterPeer],
  ['docker_stats', dockerStatsPeer],
  ['cadvisor', cadvisorPeer],
]);

/** The parts of docs/migration.md: a section per profile that is a peer's, and telegraf's. */
export function migrationBlocks(): ReadonlyMap<string, string> {
  const sections = profileNames.map(sectionOf);
  return new Map([
    ['profiles', sections.filter((section) => section !== '').join('\n')],
    ['telegraf', telegrafSection()],
  ]);
}

/** Every metric of a peer as its profile has it, those of the agent's own instruments included. */
export function peerRows(profile: ProfileName): readonly MetricRow[] {
  return [...metricRows(profiles[profile]), ...ownRows(profile)];
}

function sectionOf(profile: ProfileName): string {
  const peer = peers.get(profile);
  if (!peer) return '';
  const rows = peerRows(profile).map(({ name, isOn, absentHere }) => {
    const [semconv, changes = ''] = moveOf(peer.moves, name);
    const there = isOn ? 'the same' : 'the same, off by default';
    const here = absentHere === undefined ? there : `**absent**: ${absentHere}`;
    return [`\`${name}\``, here, named(semconv), changes];
  });
  const headings = [
    'old name',
    `in profile ${profile}`,
    'in profile semconv',
    'what changes in semconv or here',
  ];
  return section(peer, headings, rows);
}

function telegrafSection(): string {
  const rows = Object.entries(telegrafPeer.moves).map(([old, [semconv, changes = '']]) => [
    `\`${old}\``,
    named(semconv),
    changes,
  ]);
  return section(telegrafPeer, ['measurement and field', 'in profile semconv', 'what changes'], rows);
}

function section({ title, intro }: Peer, headings: string[], rows: readonly string[][]): string {
  return `## From ${title}\n\n${intro}\n\n<!-- prettier-ignore -->\n${markdownTable(headings, rows)}`;
}

function named(semconv: string): string {
  return semconv === '' ? '' : `\`${semconv}\``;
}
