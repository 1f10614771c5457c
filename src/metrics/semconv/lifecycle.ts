import { containerStatuses, healthStatuses } from '../../model/container.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import { infoAttributes, infoKeys } from '../../attributes/resource.ts';
import { uptime } from '../formulas.ts';

const stateAttributes = containerStatuses.map((status) => ({
  status,
  attributes: { 'container.status.state': status },
}));
const healthAttributes = healthStatuses.map((health) => ({
  health,
  attributes: { 'container.health.status': health },
}));

/** State, lifetime and identity metrics of profile `semconv`. */
export const semconvLifecycle: readonly ContainerInstrument[] = [
  {
    ...extension('container.info', '', 'Always 1; who the container is, as attributes'),
    attributes: infoKeys,
    source: 'inspect',
    observe: (snapshot, observe) => observe(1, infoAttributes(snapshot)),
  },
  {
    ...extension(
      'container.status.state',
      '{container}',
      'One series per state: 1 for the state it is in, else 0',
    ),
    kind: 'updowncounter',
    attributes: ['container.status.state'],
    observe({ state }, observe) {
      if (state.status === undefined) return;
      for (const { status, attributes } of stateAttributes)
        observe(Number(status === state.status), attributes);
    },
  },
  {
    ...extension(
      'container.health.status',
      '{container}',
      'One series per health: 1 for the health it has, else 0',
    ),
    kind: 'updowncounter',
    attributes: ['container.health.status'],
    absentWhen: 'the container has no health check',
    observe({ state }, observe) {
      if (state.health === undefined) return;
      for (const { health, attributes } of healthAttributes)
        observe(Number(health === state.health), attributes);
    },
  },
  {
    ...extension(
      'container.restarts.current',
      '{restart}',
      'Restarts by the restart policy; 0 again after a manual start',
    ),
    kind: 'updowncounter',
    observe: ({ state }, observe) => observeDefined(state.restartCount, observe),
  },
  {
    ...extension('container.exit_code', '{code}', 'Exit code of the last end'),
    absentWhen: 'the container runs or never ran',
    observe: ({ state }, observe) => observeDefined(state.exitCode, observe),
  },
  {
    ...extension(
      'container.oom_killed',
      '{flag}',
      '1 when the engine saw the container killed for want of memory',
    ),
    observe: ({ state }, observe) =>
      observeDefined(state.oomKilled === undefined ? undefined : Number(state.oomKilled), observe),
  },
  {
    ...extension('container.start_time', 's', 'When the container started, in Unix time'),
    absentWhen: 'the container never started',
    observe: ({ state }, observe) => observeDefined(inSeconds(state.startedAt), observe),
  },
  {
    ...extension('container.uptime', 's', 'Time since the container started'),
    stability: 'release_candidate',
    absentWhen: 'the container does not run',
    observe: (snapshot, observe) => observeDefined(uptime(snapshot), observe),
  },
  {
    ...extension('container.pids.current', '{task}', 'Processes and threads'),
    kind: 'updowncounter',
    source: 'stats',
    observe: ({ sample }, observe) => observeDefined(sample?.pids?.current, observe),
  },
  {
    ...extension(
      'container.pids.limit.current',
      '{task}',
      'Processes and threads that the container may have',
    ),
    kind: 'updowncounter',
    absentWhen: 'no limit is set',
    observe: ({ limits, sample }, observe) => observeDefined(limits.pids ?? sample?.pids?.limit, observe),
  },
];

function extension(name: string, unit: string, description: string): ContainerInstrument {
  return {
    name,
    kind: 'gauge',
    unit,
    description,
    attributes: [],
    source: 'inspect',
    stability: 'extension',
    observe: () => undefined,
  };
}

function observeDefined(value: number | bigint | undefined, observe: (value: number) => void): void {
  if (value !== undefined) observe(Number(value));
}

function inSeconds(millis: number | undefined): number | undefined {
  return millis === undefined ? undefined : millis / 1000;
}
