import type { ContainerInstrument } from '../../model/instrument.ts';
import type { Integer, InterfaceUsage } from '../../model/sample.ts';
import { observePresent, receiverInstrument, rememberedAttributes } from './declare.ts';

const ofInterface = rememberedAttributes((name) => ({ interface: name }));

const onByDefault: readonly string[] = ['rx_bytes', 'rx_dropped', 'tx_bytes', 'tx_dropped'];

/** Network metrics of profile `docker_stats`. */
export const dockerStatsNetwork: readonly ContainerInstrument[] = [
  perInterface('rx_bytes', 'By', 'Bytes received by the container.', ({ receivedBytes }) => receivedBytes),
  perInterface(
    'rx_dropped',
    '{packets}',
    'Incoming packets dropped.',
    ({ receivedDropped }) => receivedDropped,
  ),
  perInterface(
    'rx_errors',
    '{errors}',
    'Received errors. Not supported on Windows.',
    ({ receivedErrors }) => receivedErrors,
  ),
  perInterface('rx_packets', '{packets}', 'Packets received.', ({ receivedPackets }) => receivedPackets),
  perInterface('tx_bytes', 'By', 'Bytes sent.', ({ transmittedBytes }) => transmittedBytes),
  perInterface(
    'tx_dropped',
    '{packets}',
    'Outgoing packets dropped.',
    ({ transmittedDropped }) => transmittedDropped,
  ),
  perInterface(
    'tx_errors',
    '{errors}',
    'Sent errors. Not supported on Windows.',
    ({ transmittedErrors }) => transmittedErrors,
  ),
  perInterface('tx_packets', '{packets}', 'Packets sent.', ({ transmittedPackets }) => transmittedPackets),
];

function perInterface(
  name: string,
  unit: string,
  description: string,
  read: (usage: InterfaceUsage) => Integer | undefined,
): ContainerInstrument {
  return receiverInstrument(
    {
      name: `container.network.io.usage.${name}`,
      kind: 'counter',
      unit,
      description,
      attributes: ['interface'],
      absentWhen: 'the network is none or the host’s',
      ...(onByDefault.includes(name) && { isOn: true }),
    },
    ({ sample, starts }, observe) => {
      for (const usage of sample?.networks ?? []) {
        const startedAt = starts.of(`network ${usage.name}`);
        observePresent(observe, read(usage), ofInterface(usage.name), startedAt);
      }
    },
  );
}
