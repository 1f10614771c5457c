import { profiles, type ProfileName } from '../../src/metrics/catalogue.ts';
import { markdownTable, metricRows, ownRows, type MetricRow } from '../../src/metrics/listing.ts';
import { cadvisorMoves } from './migration/cadvisor.ts';
import { dockerExporterMoves } from './migration/docker-exporter.ts';
import { dockerStatsMoves } from './migration/docker-stats.ts';
import { moveOf, type Moves } from './migration/moves.ts';
import { telegrafMoves } from './migration/telegraf.ts';

/** Replacements of a peer's metrics, by the name of its profile. */
export const movesByProfile: ReadonlyMap<ProfileName, Moves> = new Map<ProfileName, Moves>([
  ['docker_exporter', dockerExporterMoves],
  ['docker_stats', dockerStatsMoves],
  ['cadvisor', cadvisorMoves],
]);

/** Every metric of a profile, those of the agent's own instruments included. */
export function profileRows(profile: ProfileName): readonly MetricRow[] {
  return [...metricRows(profiles[profile]), ...ownRows(profile)];
}

/** A peer's metrics by name: in its profile, in `semconv`, and what changes. */
export function peerTable(profile: ProfileName): string {
  const moves = movesByProfile.get(profile) ?? {};
  const rows = profileRows(profile).map(({ name, isOn, absentHere }) => {
    const [semconv, changes = ''] = moveOf(moves, name);
    const there = isOn ? 'the same' : 'the same, off by default';
    const here = absentHere === undefined ? there : `**absent**: ${absentHere}`;
    // Nothing changes in what is not there.
    return [`\`${name}\``, here, named(semconv), absentHere === undefined || semconv !== '' ? changes : ''];
  });
  return markdownTable(
    ['old name', `in profile ${profile}`, 'in profile semconv', 'what changes in semconv or here'],
    rows,
  );
}

/** Telegraf's measurements and fields, and where they go in `semconv`: it has no profile. */
export function telegrafTable(): string {
  const rows = Object.entries(telegrafMoves).map(([old, [semconv, changes = '']]) => [
    `\`${old}\``,
    named(semconv),
    changes,
  ]);
  return markdownTable(['measurement and field', 'in profile semconv', 'what changes'], rows);
}

function named(semconv: string): string {
  return semconv === '' ? '' : `\`${semconv}\``;
}
