import { cadvisorFlags, defaultGroups } from '../cadvisor-flags.ts';
import type { Effect } from '../cadvisor-flags.ts';
import { readDuration } from '../../config/types/duration.ts';
import { parseGoArguments } from '../go-flags.ts';
import type { Command, OwnArguments } from '../command.ts';
import { runCommand } from './run.ts';

/** `tidegauge cadvisor`: takes cAdvisor's place, with its flags, its port and its metrics. */
export const cadvisorCommand: Command = {
  name: 'cadvisor',
  describe: 'Take the place of cAdvisor: its own flags, port and metrics (docs/migration/cadvisor.md)',
  options: {},
  examples: [
    {
      line: '$0 cadvisor --port=8080 --docker_only --store_container_labels=false',
      does: 'run as cAdvisor is run',
    },
  ],
  readArguments,
  run(context) {
    const { config, log } = context;
    if (config.listen.host === '::')
      log.warn({}, 'every interface is listened on, as cAdvisor does; --listen_ip names one');
    return runCommand.run(context);
  },
};

/** Reads cAdvisor's flags as values of our settings; what is without meaning here becomes a warning. */
function readArguments(args: readonly string[], version: string): OwnArguments | string {
  const { values, written, own, isHelp, problems } = parseGoArguments(args, [...cadvisorFlags, versionFlag]);
  if (isHelp) return helpText();
  if (values.get(versionFlag.name) === 'true') return version;
  const effects = [...values].map(([name, value]) =>
    effectOf(name, value, values, written.get(name) ?? value),
  );
  return {
    flags: { _: [], ...own },
    given: effects.flatMap((effect) => effect.given ?? []),
    defaults: { ...cadvisorDefaults, ...intervalFor(values.get('housekeeping_interval')) },
    warnings: effects.flatMap((effect) => effect.warnings ?? []),
    problems: [...problems, ...effects.flatMap((effect) => effect.problems ?? [])],
  };
}

const versionFlag = { name: 'version', kind: 'bool' } as const;

/** What is otherwise here than in other commands. */
const cadvisorDefaults: OwnArguments['defaults'] = {
  profile: 'cadvisor',
  cadvisorGroup: defaultGroups,
  cgroupRows: 'slices',
  listen: ':8080',
  minProbeIntervalMillis: '1s',
  exporter: ({ isEndpointGiven }) => (isEndpointGiven ? 'otlp,prometheus' : 'prometheus'),
};

/** No push is more frequent than containers are measured. A time that is refused has its own message. */
function intervalFor(housekeepingMillis = '0'): OwnArguments['defaults'] {
  const read = readDuration(Number(housekeepingMillis), 0);
  return { intervalMillis: `${typeof read === 'string' ? 10_000 : Math.max(10_000, read)}ms` };
}

/** What a flag does; nothing where the table lacks it. */
function effectOf(name: string, value: string, all: ReadonlyMap<string, string>, written: string): Effect {
  const flag = cadvisorFlags.find((each) => each.name === name);
  if (!flag) return {};
  return (
    flag.effect?.(value, all, written) ?? { warnings: [`--${name} has no meaning here: ${plain(flag.here)}`] }
  );
}

function helpText(): string {
  const rows = cadvisorFlags.map(({ name, kind, here }) => {
    const value = kind === 'bool' ? '' : ` ${kind}`;
    return `  --${name}${value}\n        ${plain(here)}`;
  });
  return [
    'Usage: tidegauge cadvisor [flags of cAdvisor] [settings of ours]',
    '',
    'Settings are as in tidegauge --help, by flag, by variable or in the file of --config.',
    '',
    ...rows,
  ].join('\n');
}

/** A line of the documents, in a terminal. */
function plain(line: string): string {
  return line.replaceAll(/`|\*\*/g, '');
}
