// One piece, because it is a table: all metrics that are not usage, which share their attributes.
import { infoAttributes, infoKeys } from '../../attributes/resource.ts';
import { containerStatuses, healthStatuses } from '../../model/container.ts';
import { diskObjectTypes } from '../../model/disk-usage.ts';
import type { DiskSize } from '../../model/disk-usage.ts';
import { countedActions, exitClassOf, exitClasses } from '../../model/events.ts';
import type { CountedAction, EventCounts } from '../../model/events.ts';
import type { Attributes, ContainerInstrument, RuntimeInstrument } from '../../model/instrument.ts';
import { endpointKey } from '../../model/runtime.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
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
    observe: (snapshot, observe, cache) => observe(1, cache.ofContainer(infoAttributes, snapshot)),
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
    absentWhen: 'the container has no health check, or does not run',
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
    ...extension('container.exit_code', '{code}', 'Exit code of the last end, or of a start that failed'),
    absentWhen: 'the container runs or was never started',
    observe: ({ state }, observe) => observeDefined(state.exitCode, observe),
  },
  {
    ...extension(
      'container.oom_killed',
      '{flag}',
      '1 when the runtime saw the container killed for want of memory',
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
    stampedBy: 'pids',
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

const actionKey = 'container.event.action';
const healthKey = 'container.health.status';
const classKey = 'container.exit.class';
const codeKey = 'container.exit.code';
const imageKey = 'container.image.name';
const overflowKey = 'otel.metric.overflow';

const actionAttributes = countedActions.map((action) => ({ action, attributes: { [actionKey]: action } }));
const healthActions = healthStatuses.map((health) => ({
  health,
  attributes: { [actionKey]: 'health_status', [healthKey]: health },
}));
const absentWhen = 'the runtime sends no events (Podman, some proxies)';

/** Counters of a container's events since the agent's start: profile `semconv`. */
export const semconvEvents: readonly ContainerInstrument[] = [
  {
    name: 'container.events',
    kind: 'counter',
    unit: '{event}',
    description: 'Events of the container since the agent listens, by action',
    attributes: [actionKey, healthKey],
    source: 'events',
    outlivesPublication: true,
    stability: 'extension',
    absentWhen,
    observe({ events, state }, observe) {
      if (!events) return;
      for (const { action, attributes } of actionAttributes)
        observe(events.actions.get(action) ?? 0, attributes, events.since);
      for (const { health, attributes } of healthActions) {
        const count = events.health.get(health) ?? (state.health === undefined ? undefined : 0);
        if (count !== undefined) observe(count, attributes, events.since);
      }
    },
  },
  {
    name: 'container.exits',
    kind: 'counter',
    unit: '{exit}',
    description:
      'Ends of the container since the agent listens, by exit code; stays in sight for a while where it removed itself (--rm)',
    attributes: [classKey, codeKey],
    source: 'events',
    outlivesPublication: true,
    stability: 'extension',
    absentWhen: 'the container did not end, or the runtime sends no events (Podman, some proxies)',
    observe({ events }, observe) {
      if (!events) return;
      for (const [code, count] of events.exitCodes)
        observe(count, { [classKey]: exitClassOf(code), [codeKey]: code }, events.since);
    },
  },
];

/** The same over all containers that were ever there: profile `semconv`. */
export const semconvImageEvents: RuntimeInstrument = {
  name: 'container.image.events',
  kind: 'counter',
  unit: '{event}',
  description: 'Events of all containers of an image since the agent listens, those that are gone too',
  attributes: [endpointKey, imageKey, actionKey, classKey, healthKey, overflowKey],
  source: 'events',
  stability: 'extension',
  absentWhen: 'the runtime does not answer, or sends no events (Podman, some proxies)',
  observe({ runtime: { name: runtime }, containerCount, imageEvents }, observe) {
    if (!imageEvents || containerCount === undefined) return;
    for (const [image, counts] of imageEvents.images) {
      const whose =
        image === undefined
          ? { [endpointKey]: runtime, [overflowKey]: true }
          : { [endpointKey]: runtime, [imageKey]: image };
      for (const [count, attributes] of seriesOf(counts))
        observe(count, { ...whose, ...attributes }, imageEvents.since);
    }
  },
};

/** Deaths by class and not as a whole besides: their sum would count them twice. */
function seriesOf({ actions, exits, health }: EventCounts): readonly (readonly [number, Attributes])[] {
  const isWhole = (action: CountedAction): boolean => action !== 'die';
  return [
    ...countedActions
      .filter(isWhole)
      .map((action) => [actions.get(action) ?? 0, { [actionKey]: action }] as const),
    ...exitClasses.map((name) => [exits.get(name) ?? 0, { [actionKey]: 'die', [classKey]: name }] as const),
    ...[...health].map(
      ([status, count]) => [count, { [actionKey]: 'health_status', [healthKey]: status }] as const,
    ),
  ];
}

const typeKey = 'container.runtime.object.type';
const statusKey = 'container.status.state';

/** Metrics of profile `semconv` about the container runtime itself. */
export const semconvRuntime: readonly RuntimeInstrument[] = [
  {
    ...runtime('info', '', 'Always 1; the runtime and its host, as attributes'),
    kind: 'gauge',
    attributes: [
      endpointKey,
      'container.runtime.name',
      'container.runtime.version',
      'container.runtime.api.version',
      'container.runtime.cgroup.driver',
      'container.runtime.cgroup.version',
      'container.runtime.storage.driver',
      'host.name',
      'os.type',
    ],
    source: 'info',
    observe({ runtime, containerCount }, observe) {
      if (containerCount !== undefined) observe(1, describedBy(runtime));
    },
  },
  {
    ...runtime('containers', '{container}', 'Containers on the runtime, whether measured or not, by state'),
    attributes: [endpointKey, statusKey],
    source: 'list',
    observe({ runtime, containersByStatus }, observe) {
      if (!containersByStatus) return;
      for (const status of containerStatuses)
        observe(containersByStatus.get(status) ?? 0, { [endpointKey]: runtime.name, [statusKey]: status });
    },
  },
  {
    ...runtime('images', '{image}', 'Images on the runtime, as reported every 10 minutes'),
    source: 'info',
    absentWhen: 'the runtime, or a proxy before it, refuses /info or gives no number there',
    observe({ runtime, containerCount }, observe) {
      if (containerCount !== undefined && runtime.images !== undefined)
        observe(runtime.images, { [endpointKey]: runtime.name });
    },
  },
  disk(
    'usage',
    'Disk space by what takes it up; build cache that is part of an image counts in both',
    ({ totalBytes }) => totalBytes,
  ),
  disk(
    'reclaimable',
    'Disk space of what no container uses: images, stopped containers, volumes, build cache',
    ({ reclaimableBytes }) => reclaimableBytes,
  ),
];

function runtime(name: string, unit: string, description: string): Omit<RuntimeInstrument, 'observe'> {
  return {
    name: `container.runtime.${name}`,
    kind: 'updowncounter',
    unit,
    description,
    attributes: [endpointKey],
    source: 'info',
    stability: 'extension',
    absentWhen: 'the runtime does not answer',
  };
}

function disk(
  name: string,
  description: string,
  read: (size: DiskSize) => number | undefined,
): RuntimeInstrument {
  return {
    ...runtime(`disk.${name}`, 'By', description),
    attributes: [endpointKey, typeKey],
    source: 'disk usage',
    absentWhen: '--disk-usage-interval is 0, or the runtime, or a proxy before it, refuses /system/df',
    observe({ runtime, containerCount, diskUsage }, observe) {
      if (containerCount === undefined) return;
      for (const type of diskObjectTypes) {
        const size = diskUsage?.usage?.[type];
        const bytes = size && read(size);
        if (bytes !== undefined) observe(bytes, { [endpointKey]: runtime.name, [typeKey]: type });
      }
    },
  };
}

function describedBy(runtime: RuntimeDescription): Attributes {
  const entries = {
    [endpointKey]: runtime.name,
    'container.runtime.name': runtime.runtimeName,
    'container.runtime.version': runtime.runtimeVersion,
    'container.runtime.api.version': runtime.apiVersion,
    'container.runtime.cgroup.driver': runtime.cgroupDriver,
    'container.runtime.cgroup.version': runtime.cgroupVersion?.toString(),
    'container.runtime.storage.driver': runtime.storageDriver,
    'host.name': runtime.hostName,
    'os.type': runtime.osType,
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}
