import type { ContainerInstrument } from '../../model/instrument.ts';
import type { InterfaceUsage, Integer } from '../../model/sample.ts';
import { cadvisorMetric } from './declare.ts';

/** Network metrics of profile `cadvisor` that the engine gives. */
export const cadvisorNetwork: readonly ContainerInstrument[] = [
  counter('receive_bytes', 'Bytes received', ({ receivedBytes }) => receivedBytes),
  counter('receive_packets', 'Packets received', ({ receivedPackets }) => receivedPackets),
  counter(
    'receive_packets_dropped',
    'Packets dropped while receiving',
    ({ receivedDropped }) => receivedDropped,
  ),
  counter('receive_errors', 'Errors while receiving', ({ receivedErrors }) => receivedErrors),
  counter('transmit_bytes', 'Bytes transmitted', ({ transmittedBytes }) => transmittedBytes),
  counter('transmit_packets', 'Packets transmitted', ({ transmittedPackets }) => transmittedPackets),
  counter(
    'transmit_packets_dropped',
    'Packets dropped while transmitting',
    ({ transmittedDropped }) => transmittedDropped,
  ),
  counter('transmit_errors', 'Errors while transmitting', ({ transmittedErrors }) => transmittedErrors),
];

/** A network that several containers share is shown with its owner alone, so that a sum counts it once. */
function counter(
  name: string,
  description: string,
  read: (usage: InterfaceUsage) => Integer | undefined,
): ContainerInstrument {
  return cadvisorMetric(
    {
      name: `container_network_${name}_total`,
      kind: 'counter',
      description: `${description}, by interface`,
      source: 'stats',
      labels: ['interface'],
      absentWhen: 'the network is none, the host’s or another container’s',
    },
    ({ sample, identity }) => {
      if (identity.networkMode?.startsWith('container:')) return [];
      return (sample?.networks ?? []).map((usage) => ({
        value: read(usage),
        labels: { interface: usage.name },
        group: `network ${usage.name}`,
      }));
    },
  );
}
