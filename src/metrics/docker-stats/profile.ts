import { healthStatuses } from '../../model/container.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import { uptime } from '../formulas.ts';
import { dockerStatsCpu } from './cpu.ts';
import { isUp, observePresent, receiverInstrument } from './declare.ts';
import { dockerStatsBlockIo, dockerStatsNetwork } from './io.ts';
import { dockerStatsMemory } from './memory.ts';

const healthAttributes = healthStatuses.map((health) => ({
  health,
  attributes: { 'container.state.health.state': health },
}));

/** Tasks, restarts, uptime and health of profile `docker_stats`. */
const dockerStatsLifecycle: readonly ContainerInstrument[] = [
  receiverInstrument(
    {
      name: 'container.pids.count',
      kind: 'updowncounter',
      unit: '{pids}',
      description: "Number of pids in the container's cgroup.",
      stampedBy: 'pids',
    },
    ({ sample }, observe) => observePresent(observe, sample?.pids?.current),
  ),
  receiverInstrument(
    {
      name: 'container.pids.limit',
      kind: 'updowncounter',
      unit: '{pids}',
      description: "Maximum number of pids in the container's cgroup.",
      stampedBy: 'pids',
      absentWhen: 'no limit is set',
    },
    ({ sample }, observe) => {
      if (sample?.pids?.current !== undefined) observePresent(observe, sample.pids.limit);
    },
  ),
  receiverInstrument(
    {
      name: 'container.restarts',
      kind: 'counter',
      unit: '{restarts}',
      description: 'Number of restarts for the container.',
      source: 'inspect',
    },
    (snapshot, observe) => {
      const { state, starts } = snapshot;
      if (isUp(snapshot)) observePresent(observe, state.restartCount, undefined, starts.of('restarts'));
    },
  ),
  receiverInstrument(
    {
      name: 'container.uptime',
      kind: 'gauge',
      unit: 's',
      description: 'Time elapsed since container start time.',
      isDouble: true,
      source: 'inspect',
      absentWhen: 'the container does not run',
    },
    (snapshot, observe) => observePresent(observe, uptime(snapshot)),
  ),
  receiverInstrument(
    {
      name: 'container.state.health.status',
      kind: 'updowncounter',
      unit: '{container}',
      description:
        'The number of containers that are currently in a given health state. All possible container health states will be reported at each time interval to avoid missing metrics. Only the value corresponding to the current health state will be non-zero.',
      attributes: ['container.state.health.state'],
      source: 'inspect',
      absentWhen: 'the container has no health check, or does not run',
    },
    (snapshot, observe) => {
      const current = snapshot.state.health;
      if (current === undefined || !isUp(snapshot)) return;
      for (const { health, attributes } of healthAttributes) observe(Number(health === current), attributes);
    },
  ),
];

/** The container metrics of the Collector's docker_stats receiver, name by name. */
export const dockerStatsContainers: readonly ContainerInstrument[] = [
  ...dockerStatsCpu,
  ...dockerStatsMemory,
  ...dockerStatsBlockIo,
  ...dockerStatsNetwork,
  ...dockerStatsLifecycle,
];
