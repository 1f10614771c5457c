import type { Integer, InterfaceUsage } from '../../model/sample.ts';
import { present } from '../json.ts';
import type { KernelText } from './kernel-text.ts';

const colon = 0x3a;
/** Columns of `/proc/PID/net/dev` for each direction: bytes, packets, errs, drop, fifo, frame or colls, compressed or carrier, multicast or compressed. */
const columnsPerDirection = 8;

/** Interfaces of a network namespace by its `/proc/PID/net/dev` (`proc_pid_net(5)`), without the loopback; absent without any. */
export function parseNetDev(text: KernelText): readonly InterfaceUsage[] | undefined {
  const interfaces: InterfaceUsage[] = [];
  // Two lines of headings.
  text.nextLine();
  text.nextLine();
  for (; !text.isAtEnd; text.nextLine()) {
    text.skipSpaces();
    const name = text.word(colon);
    const columns: (Integer | undefined)[] = [];
    for (text.skipSpaces(); !text.isAtLineEnd; text.skipSpaces()) columns.push(text.integer());
    if (name === 'lo' || columns.length < 2 * columnsPerDirection) continue;
    const [receivedBytes, receivedPackets, receivedErrors, receivedDropped] = columns;
    const [transmittedBytes, transmittedPackets, transmittedErrors, transmittedDropped] =
      columns.slice(columnsPerDirection);
    interfaces.push(
      present<InterfaceUsage>({
        name,
        receivedBytes,
        receivedPackets,
        receivedErrors,
        receivedDropped,
        transmittedBytes,
        transmittedPackets,
        transmittedErrors,
        transmittedDropped,
      }),
    );
  }
  return interfaces.length > 0 ? interfaces : undefined;
}
