import type { FigureSource, Instrument } from '../model/instrument.ts';

/** Sources that this version does not ask, and what would have to be there. */
const missingSources: Readonly<Partial<Record<FigureSource, string>>> = {
  cgroup: 'needs the kernel’s cgroup files, which are not read yet',
  proc: 'needs the host’s /proc, which is not read yet',
};

/** Why a metric is never observed here, whatever the engine; undefined for those that are. */
export function absenceHere({
  source,
  absentWhen = 'from nowhere',
}: Pick<Instrument<never>, 'source' | 'absentWhen'>): string | undefined {
  return source === 'unavailable' ? `cannot be had: ${absentWhen}` : missingSources[source];
}
