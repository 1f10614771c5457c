import { preparedOutcomes } from '../../src/export/prometheus/prepared-scrapes.ts';
import { absenceReasons } from '../../src/metrics/absence.ts';
import { containerStatuses, healthStatuses } from '../../src/model/container.ts';
import { countedActions, exitClasses } from '../../src/model/events.ts';
import { diskObjectTypes } from '../../src/model/disk-usage.ts';

/** An attribute that the conventions lack: its values, or examples where it may be any text. */
export interface OwnAttribute {
  readonly brief: string;
  readonly members?: readonly string[];
  readonly examples?: readonly string[];
}

/** Every attribute of our own that a metric of our own carries. */
export const ownAttributes: Readonly<Record<string, OwnAttribute>> = {
  'container.status.state': {
    brief: 'State of a container, in the words of the runtime.',
    members: containerStatuses,
  },
  'container.event.action': {
    brief: 'What happened to a container, in the words of the runtime.',
    members: [...countedActions, 'health_status'],
  },
  'container.exit.class': {
    brief: 'How a container ended: with 0, with a code of its own, or with 128 and the number of a signal.',
    members: exitClasses,
  },
  'container.exit.code': { brief: 'Exit code of a container.', examples: ['0', '137'] },
  'otel.metric.overflow': {
    brief: 'True where there are too many values to keep them apart, as the metrics SDK has it.',
    examples: ['true'],
  },
  'container.health.status': { brief: 'What the health check of a container says.', members: healthStatuses },
  'container.memory.linux.type': {
    brief:
      'What memory holds; shared memory (tmpfs, shm) is kept apart from the page cache where the kernel does so.',
    members: [
      'anonymous',
      'page_cache',
      'shared',
      'kernel_stack',
      'page_tables',
      'per_cpu',
      'slab',
      'socket',
    ],
  },
  'container.memory.linux.event': {
    brief:
      'The bound that memory ran into: protection (low), throttling (high), limit (max), and what came of it (oom, oom_group_kill).',
    members: ['low', 'high', 'max', 'oom', 'oom_group_kill'],
  },
  'container.memory.linux.hugepages.size': {
    brief: 'Size of a huge page, as the kernel writes it.',
    examples: ['2MB', '1GB'],
  },
  'container.memory.linux.numa.node': { brief: 'Number of a NUMA node.', examples: ['0', '1'] },
  'container.memory.linux.numa.type': {
    brief: 'What memory of a NUMA node holds.',
    members: ['anonymous', 'page_cache', 'unevictable'],
  },
  'container.thread.state': {
    brief: 'State of a thread.',
    members: ['running', 'sleeping', 'uninterruptible', 'stopped'],
  },
  'container.pressure.resource': {
    brief: 'The resource that tasks waited for.',
    members: ['cpu', 'memory', 'io'],
  },
  'container.memory.linux.page_cache.state': {
    brief: 'State of page cache; a byte may be in several.',
    members: ['mapped', 'dirty', 'writeback'],
  },
  'container.memory.linux.lru.list': {
    brief: 'The list by which the kernel reclaims memory.',
    members: ['active_anon', 'inactive_anon', 'active_file', 'inactive_file', 'unevictable'],
  },
  'container.memory.linux.transparent_hugepages.cause': {
    brief:
      'Why a transparent huge page was allocated: a page fault, or small pages that were collapsed into it.',
    members: ['fault', 'collapse'],
  },
  'container.paging.linux.operation': {
    brief: 'What was done with a page: by reclaim, or (cgroup v1) by charging it to the group.',
    members: [
      'scan',
      'steal',
      'refill',
      'activate',
      'deactivate',
      'lazyfree',
      'lazyfreed',
      'charge',
      'uncharge',
    ],
  },
  'container.paging.linux.workingset.event': {
    brief: 'What became of an evicted page that was wanted again.',
    members: ['refault', 'activate', 'restore', 'nodereclaim'],
  },
  'container.network.owner.id': {
    brief:
      'Id of the container whose network namespace this one joined, and at which its traffic is counted.',
    examples: ['4bca5b4a3f5e…'],
  },
  'container.runtime.object.type': {
    brief: 'What takes up disk space in a runtime.',
    members: diskObjectTypes,
  },
  'container.runtime.api.version': {
    brief: 'Version of the API that is spoken to the runtime.',
    examples: ['1.51'],
  },
  'container.runtime.cgroup.driver': { brief: 'Who makes the cgroups.', examples: ['systemd', 'cgroupfs'] },
  'container.runtime.cgroup.version': { brief: 'Version of the cgroups of the host.', examples: ['1', '2'] },
  'container.runtime.storage.driver': { brief: 'How the runtime stores layers.', examples: ['overlay2'] },
  'container.runtime.endpoint': {
    brief: 'The endpoint of the runtime, without credentials.',
    examples: ['unix:///var/run/docker.sock'],
  },
  outcome: { brief: 'End of a page that was made before its scrape came.', members: preparedOutcomes },
  reason: { brief: 'Why metrics are missing.', members: Object.keys(absenceReasons) },
  metric: { brief: 'The value that was compared.', examples: ['cpu-percent', 'memory'] },
  version: { brief: 'Version of the agent.', examples: ['0.1.0'] },
};
