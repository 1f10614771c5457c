import { cadvisorFlags, defaultGroups } from '../../src/cli/cadvisor-flags.ts';
import { cadvisorGroupNames } from '../../src/config/settings/names.ts';
import { groupOf } from '../../src/metrics/cadvisor/options.ts';
import { markdownTable } from '../../src/metrics/listing.ts';
import { profileRows } from './migration-blocks.ts';

/** Every flag of cAdvisor and what it does here; flags that share a line share a row. */
export function flagTable(): string {
  const rows = [
    ...Map.groupBy(cadvisorFlags, ({ here, effect }) => `${effect ? '' : 'no meaning: '}${here}`),
  ];
  return markdownTable(
    ['flag', 'kind', 'here'],
    rows.map(([here, flags]) => [
      flags.map(({ name }) => `\`--${name}\``).join(', '),
      [...new Set(flags.map(({ kind }) => kind))].join(', '),
      here,
    ]),
  );
}

/** cAdvisor's groups of metrics, and how many of each are observed here. */
export function groupTable(): string {
  const on = new Set(defaultGroups.split(','));
  const rows = profileRows('cadvisor');
  return markdownTable(
    ['group', 'by default', 'metrics here', 'not here'],
    cadvisorGroupNames.map((group) => {
      const members = rows.filter(({ name }) => groupOf(name) === group);
      const absent = members.filter(({ absentHere }) => absentHere !== undefined).length;
      const here = group === 'percpu' ? '`cpu` of `container_cpu_usage_seconds_total`, on cgroup v1' : '';
      return [
        `\`${group}\``,
        on.has(group) ? 'on' : 'off',
        here || `${members.length - absent}`,
        `${absent}`,
      ];
    }),
  );
}
