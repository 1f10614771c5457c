import { markdownTable } from '../../src/metrics/listing.ts';

/** A difference to the docker_stats receiver's own expectations that is there on purpose. */
interface ReceiverDifference {
  /** The property that differs. */
  readonly of: string;
  readonly receiver: string;
  readonly ours: string;
  readonly why: string;
}

/** All of them. */
const receiverDifferences: readonly ReceiverDifference[] = [
  {
    of: 'start times',
    receiver: 'when the receiver started',
    ours: 'when what is counted began: the container, its network, the host’s boot',
    why: 'a counter that falls under an old start time is no counter',
  },
  {
    of: '`container.memory.usage.max`',
    receiver: '0 on cgroup v2',
    ours: 'absent on cgroup v2 by the runtime’s API, `memory.peak` by the kernel’s files',
    why: 'the runtime does not report it there: nobody used 0 bytes at most',
  },
  {
    of: '`container.pids.limit`',
    receiver: '−1 where there is no limit (2^64−1 in 63 bits)',
    ours: 'absent',
    why: 'a limit that is not there has no value',
  },
  {
    of: '`container.cpu.logical.count`, `container.memory.usage.limit`, `container.memory.percent`, `container.cpu.usage.system`',
    receiver: '0 where the runtime does not report it',
    ours: 'absent',
    why: 'a false zero',
  },
  {
    of: 'everything of memory, and of CPU',
    receiver: '0 where the cgroup is off, or the container just died',
    ours: 'absent, with the reason in `tidegauge.metrics.missing`',
    why: 'a false zero',
  },
  {
    of: '`container.cpu.utilization`',
    receiver: '0 when a counter fell or stood still on the host',
    ours: 'absent then; by wall clock where the runtime reports no CPU time of the host (Podman)',
    why: 'a false zero',
  },
  {
    of: '`container.cpu.usage.*` of Windows containers',
    receiver: 'ticks of 100 ns under the unit `ns`',
    ours: 'nanoseconds',
    why: 'the unit says so',
  },
  {
    of: 'block I/O on Podman',
    receiver:
      "its API's device numbers, major and minor exchanged, and its keys `rios`, `wios`, `dios` among the bytes",
    ours: "the kernel's `major:minor`; operations in `container.blockio.io_serviced_recursive`",
    why: 'operations are no bytes',
  },
  {
    of: 'attributes from the environment',
    receiver: 'a value ends at its second `=`',
    ours: 'the whole value',
    why: '`URL=http://x?a=b` is cut short otherwise',
  },
  {
    of: 'paused containers',
    receiver: 'no figures',
    ours: 'all figures',
    why: 'their memory is still in use',
  },
  {
    of: 'scope and schema URL',
    receiver: 'the receiver’s package, and the version of the conventions that it was made for',
    ours: '`tidegauge`, and none',
    why: 'both say what measured',
  },
  {
    of: 'further resource attributes and metrics',
    receiver: 'none',
    ours: '`host.name` and `host.id` where the runtime reports them; `tidegauge.*` about the runtime on a resource of its own, but for `once`',
    why: 'containers of two hosts stay apart in a Prometheus behind a Collector',
  },
];

/** All of them as a table. */
export function receiverDifferenceTable(): string {
  const rows = receiverDifferences.map(({ of, receiver, ours, why }) => [of, receiver, ours, why]);
  return markdownTable(['of', 'the receiver', 'Tidegauge', 'why'], rows);
}
