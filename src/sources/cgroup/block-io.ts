import type { BlockIoEntry, BlockIoUsage, Integer } from '../../model/sample.ts';
import { present } from '../json.ts';
import type { DeviceNames } from '../kernel/device-names.ts';
import type { KernelText } from '../kernel/kernel-text.ts';

const colon = 0x3a;

/** A device as an entry names it, with what was read of it already. */
interface Device {
  readonly named: Pick<BlockIoEntry, 'major' | 'minor' | 'device'>;
  readonly read: Set<object>;
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
).map(([key, list, operation]) => ({ bytes: Buffer.from(`${key}=`), list, operation }));

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

const operations = ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((word) => ({
  bytes: Buffer.from(`${word} `),
  operation: word.toLowerCase(),
}));

/** Lines such as `254:0 Read 159432704`; the last, `Total 773926912`, is of all devices. */
export function parseBlkio(text: KernelText, names: DeviceNames): readonly BlockIoEntry[] {
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
  { named, read }: Device,
  known: { readonly operation: string },
  text: KernelText,
): void {
  const value = text.integer();
  if (read.has(known)) return;
  read.add(known);
  entries.push(present<BlockIoEntry>({ ...named, operation: known.operation, value }));
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
    const device = { named: this.#named(major, minor), read: new Set<object>() };
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
