import type { Attributes, ContainerInstrument } from '../../model/instrument.ts';
import type { CpuUsage } from '../../model/sample.ts';

const known: Attributes[] = [];

/**
 * CPU time by core: a metric of its own, for in `container.cpu.time` it would count everything again.
 * Off by default: as many series per container as the host has CPUs.
 */
export const semconvCpuLogical: ContainerInstrument = {
  name: 'container.cpu.logical.time',
  kind: 'counter',
  unit: 's',
  description: 'CPU time consumed, by logical CPU of the host',
  attributes: ['cpu.logical_number'],
  source: 'stats',
  stability: 'extension',
  offByDefault: true,
  absentWhen: 'cgroup v2 or Windows, which do not tell',
  observe({ sample, starts }, observe) {
    sample?.cpu?.perCpuNanos?.forEach((nanos, index) => {
      if (nanos || isOnline(index, sample.cpu))
        observe(Number(nanos) / 1e9, attributesOf(index), starts.of('cpu'));
    });
  },
};

/** The kernel lists every CPU that could be plugged in: those that never were have no time, rather than none used. */
function isOnline(index: number, cpu: CpuUsage | undefined): boolean {
  return index < (cpu?.onlineCpus ?? Infinity);
}

function attributesOf(index: number): Attributes {
  return (known[index] ??= { 'cpu.logical_number': index });
}
