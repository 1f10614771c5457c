import type { BlockIoEntry, BlockIoUsage, Integer } from '../../model/sample.ts';
import { present } from '../json.ts';
import { listsOf } from './cgroup-reading.ts';
import type { DeviceNames } from './host-files.ts';
import type { KernelText } from './kernel-text.ts';

const colon = 0x3a;

/** A device as an entry names it. */
type Device = Pick<BlockIoEntry, 'major' | 'minor' | 'device'>;

const keys = (
  [
    ['rbytes', 'serviceBytes', 'read'],
    ['wbytes', 'serviceBytes', 'write'],
    ['rios', 'serviced', 'read'],
    ['wios', 'serviced', 'write'],
    ['dbytes', 'serviceBytes', 'discard'],
    ['dios', 'serviced', 'discard'],
  ] as const
).map(([key, list, operation]) => ({ bytes: Buffer.from(`${key}=`), list, operation }));

/** Lines such as `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`; some kernels write bare devices before others. */
export function parseIoStat(text: KernelText, devices: DeviceNames): BlockIoUsage | undefined {
  const lists: Record<'serviceBytes' | 'serviced', BlockIoEntry[]> = { serviceBytes: [], serviced: [] };
  for (; !text.isAtEnd; text.nextLine()) {
    let device: Device | undefined;
    for (text.skipSpaces(); !text.isAtLineEnd; text.skipSpaces()) {
      const known = keys.find(({ bytes }) => text.accepts(bytes));
      if (known && device) {
        const { list, operation } = known;
        lists[list].push(present<BlockIoEntry>({ ...device, operation, value: text.integer() }));
      } else if (text.isAtDigit) device = deviceAt(text, devices);
      else text.word();
    }
  }
  const { serviceBytes, serviced } = lists;
  return serviceBytes.length === 0 && serviced.length === 0 ? undefined : listsOf(serviceBytes, serviced);
}

const operations = ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((word) => ({
  bytes: Buffer.from(`${word} `),
  operation: word.toLowerCase(),
}));

/** Lines such as `254:0 Read 159432704`; the last, `Total 773926912`, is of all devices. */
export function parseBlkio(text: KernelText, devices: DeviceNames): readonly BlockIoEntry[] {
  const entries: BlockIoEntry[] = [];
  for (; !text.isAtEnd; text.nextLine()) {
    const device = text.isAtDigit ? deviceAt(text, devices) : undefined;
    const known = device && operations.find(({ bytes }) => text.accepts(bytes));
    if (!known) continue;
    const { operation } = known;
    entries.push(present<BlockIoEntry>({ ...device, operation, value: text.integer() }));
  }
  return entries;
}

/** The device whose numbers come next. */
function deviceAt(text: KernelText, devices: DeviceNames): Device | undefined {
  const major = smallInteger(text.integer(colon));
  const minor = smallInteger(text.integer());
  if (major === undefined || minor === undefined) return undefined;
  return present<Device>({ major, minor, device: devices.of(major, minor) });
}

function smallInteger(value: Integer | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
