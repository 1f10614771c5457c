import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import { pressureCounter } from '../../model/sample.ts';
import type { Stalled } from '../../model/sample.ts';

const resourceKey = 'container.pressure.resource';
const resources = (['cpu', 'memory', 'io'] as const).map((resource) => ({
  resource,
  attributes: { [resourceKey]: resource },
}));

/** Metrics of pressure (PSI) of profile `semconv`; averages are rates of these. */
export const semconvPressure: readonly ContainerInstrument[] = stampedBy('pressure', [
  pressure(
    'waiting_time',
    'Time in which at least one task of the container waited for a resource',
    'someNanos',
  ),
  pressure(
    'stalled_time',
    'Time in which all tasks of the container waited for a resource at once; part of the time waited',
    'fullNanos',
  ),
]);

function pressure(name: string, description: string, kind: keyof Stalled): ContainerInstrument {
  return {
    name: `container.pressure.${name}`,
    kind: 'counter',
    unit: 's',
    description,
    attributes: [resourceKey],
    source: 'cgroup',
    stability: 'extension',
    absentWhen: 'the kernel counts no pressure (PSI), or usage is read by the runtime’s API, which lacks it',
    observe({ sample, starts }, observe) {
      for (const { resource, attributes } of resources) {
        const nanos = sample?.pressure?.[resource]?.[kind];
        if (nanos === undefined) continue;
        observe(Number(nanos) / 1e9, attributes, starts.of('pressure', pressureCounter(resource, kind)));
      }
    },
  };
}
