import type { BlockIoEntry, BlockIoUsage, Integer } from '../../model/sample.ts';
import { present } from '../json.ts';
import type { CgroupFiles } from './cgroup-files.ts';
import type { DeviceNames } from '../kernel/device-names.ts';
import type { KernelText } from '../kernel/kernel-text.ts';

const colon = 0x3a;

/** A device as an entry names it, with the bits of what was read of it already. */
interface Device {
  readonly named: Pick<BlockIoEntry, 'major' | 'minor' | 'device'>;
  read: number;
}

const keys = (
  [
    ['rbytes', 'serviceBytes', 'read'],
    ['wbytes', 'serviceBytes', 'write'],
    ['rios', 'serviced', 'read'],
    ['wios', 'serviced', 'write'],
    ['dbytes', 'serviceBytes', 'discard'],
    ['dios', 'serviced', 'discard'],
    ['cost.usage', 'costUsage', ''],
    ['cost.wait', 'costWait', ''],
    ['cost.indebt', 'costIndebt', ''],
    ['cost.indelay', 'costIndelay', ''],
  ] as const
).map(([key, list, operation], index) => ({
  bytes: Buffer.from(`${key}=`),
  list,
  operation,
  bit: 1 << index,
}));

/** Lines such as `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`; some kernels write bare devices before others. */
export function parseIoStat(text: KernelText, names: DeviceNames): BlockIoUsage | undefined {
  const lists: Partial<Record<(typeof keys)[number]['list'], BlockIoEntry[]>> = {};
  const devices = new Devices(names);
  for (; !text.isAtEnd; text.nextLine()) {
    let device: Device | undefined;
    for (text.skipSpaces(); !text.isAtLineEnd; text.skipSpaces()) {
      const known = accepted(text, keys);
      if (known && device) addTo((lists[known.list] ??= []), device, known, text);
      else if (text.isAtDigit) device = devices.at(text);
      else text.word();
    }
  }
  return Object.keys(lists).length === 0 ? undefined : lists;
}

const operations = ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((word, index) => ({
  bytes: Buffer.from(`${word} `),
  operation: word.toLowerCase(),
  bit: 1 << index,
}));

/** Lines such as `254:0 Read 159432704`; the last, `Total 773926912`, is of all devices. */
function parseBlkio(text: KernelText, names: DeviceNames): readonly BlockIoEntry[] {
  const entries: BlockIoEntry[] = [];
  const devices = new Devices(names);
  for (; !text.isAtEnd; text.nextLine()) {
    const device = text.isAtDigit ? devices.at(text) : undefined;
    const known = device && accepted(text, operations);
    if (known) addTo(entries, device, known, text);
  }
  return entries;
}

/** What a runtime gives has numbers alone: the same devices by the names that the kernel's files have them by. */
export function withDeviceNames(usage: BlockIoUsage, names: DeviceNames): BlockIoUsage {
  const devices = new Devices(names);
  const named: BlockIoUsage = Object.fromEntries(
    Object.entries(usage).map(([list, entries]: [string, readonly BlockIoEntry[]]) => [
      list,
      entries.map((entry) => ({ ...entry, ...devices.of(entry.major, entry.minor).named })),
    ]),
  );
  return named;
}

/** The one whose characters come next, which are moved over. */
function accepted<T extends { readonly bytes: Buffer }>(
  text: KernelText,
  expected: readonly T[],
): T | undefined {
  for (const each of expected) if (text.accepts(each.bytes)) return each;
  return undefined;
}

/** Two entries of one device and operation would be one series with two values: the first holds. */
function addTo(
  entries: BlockIoEntry[],
  device: Device,
  { operation, bit }: { readonly operation: string; readonly bit: number },
  text: KernelText,
): void {
  const value = text.integer();
  if ((device.read & bit) !== 0) return;
  device.read |= bit;
  entries.push(present<BlockIoEntry>({ ...device.named, operation, value }));
}

/** The devices of one file, each once. */
class Devices {
  readonly #names: DeviceNames;
  readonly #byNumbers = new Map<string, Device>();
  readonly #taken = new Set<string>();

  constructor(names: DeviceNames) {
    this.#names = names;
  }

  /** The device whose numbers come next. */
  at(text: KernelText): Device | undefined {
    const major = smallInteger(text.integer(colon));
    const minor = smallInteger(text.integer());
    return major === undefined || minor === undefined ? undefined : this.of(major, minor);
  }

  /** The device with these numbers. */
  of(major: number, minor: number): Device {
    const numbers = `${major}:${minor}`;
    const known = this.#byNumbers.get(numbers);
    if (known) return known;
    const device = { named: this.#named(major, minor), read: 0 };
    this.#byNumbers.set(numbers, device);
    return device;
  }

  /** A name that moved to other numbers may still be known of the old: the second has its numbers alone. */
  #named(major: number, minor: number): Device['named'] {
    const device = this.#names.of(major, minor);
    if (device === undefined || this.#taken.has(device)) return { major, minor };
    this.#taken.add(device);
    return { major, minor, device };
  }
}

function smallInteger(value: Integer | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Files of one list: with the cgroups below, where the kernel adds them up, or without. */
interface ListFiles {
  readonly recursive: string;
  readonly own: string;
}

/** Throttling counts whatever the scheduler, on recent kernels for devices with a throttle alone; BFQ counts its own. */
const lists = ['blkio.throttle.', 'blkio.bfq.'].map((prefix) => {
  const filesOf = (own: string): ListFiles => ({ own, recursive: `${own}_recursive` });
  return {
    serviceBytes: filesOf(`${prefix}io_service_bytes`),
    serviced: filesOf(`${prefix}io_serviced`),
  };
});

/** Block I/O by the trees of version 1; undefined where nothing was counted. */
export function blockIoOf(files: CgroupFiles, devices: DeviceNames): BlockIoUsage | 'unknown' | undefined {
  let isKnown = false;
  for (const names of lists) {
    const serviceBytes = entriesOf(files, devices, names.serviceBytes);
    // A device has lines in both lists or in none.
    const serviced = serviceBytes === noEntries ? noEntries : entriesOf(files, devices, names.serviced);
    if (serviceBytes?.length || serviced?.length) return listsOf(serviceBytes, serviced);
    isKnown ||= serviceBytes !== undefined;
  }
  return isKnown && files.unreadable.length === 0 ? undefined : 'unknown';
}

const noDevices = Buffer.from('Total 0\n');
const noEntries: readonly BlockIoEntry[] = [];

/** Undefined where there is nothing to read. */
function entriesOf(
  files: CgroupFiles,
  devices: DeviceNames,
  { recursive, own }: ListFiles,
): readonly BlockIoEntry[] | undefined {
  let text = files.text(recursive);
  // One that is there and cannot be read now has greater counts than the other.
  if (!text && !files.unreadable.includes(recursive)) text = files.text(own);
  if (text?.equals(noDevices)) return noEntries;
  return text && parseBlkio(text, devices);
}

/** Lists of which nothing was read are absent: their sums would be zero. */
function listsOf(
  serviceBytes: readonly BlockIoEntry[] | undefined,
  serviced: readonly BlockIoEntry[] | undefined,
): BlockIoUsage {
  return {
    ...(serviceBytes?.length && { serviceBytes }),
    ...(serviced?.length && { serviced }),
  };
}
