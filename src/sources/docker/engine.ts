import type { DiskSize, DiskUsage } from '../../model/disk-usage.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import {
  amountOf,
  integerOf,
  listOf,
  objectOf,
  positiveOf,
  present,
  textOf,
  textsOf,
  timeOf,
} from '../json.ts';
import type { Fields } from '../json.ts';
import { SourceError } from '../source-error.ts';

/** The newest API version that this parser was checked against; the oldest is 1.40 (Engine 19.03). */
const newestApi = '1.56';

/** Input of {@link describeEngine}: an engine's responses. */
export interface EngineResponses {
  readonly name: string;
  /** `GET /version`, undefined when refused. */
  readonly version: unknown;
  /** `GET /info`, undefined when refused. */
  readonly info: unknown;
  readonly apiVersion: string | undefined;
  /** See {@link clockOffset}. */
  readonly clockOffsetMillis?: number | undefined;
}

/**
 * The API version to speak: the engine's, unless it is newer than ours and still accepts ours.
 * `undefined` when the response has none: then paths carry no version and the engine decides.
 */
export function negotiateVersion(version: unknown): string | undefined {
  const fields = objectOf(version);
  const theirs = textOf(fields?.['ApiVersion']);
  if (!theirs || !/^1\.\d{1,4}$/.test(theirs)) return undefined;
  const oldest = textOf(fields?.['MinAPIVersion']) ?? '1.12';
  if (minor(theirs) <= minor(newestApi)) return theirs;
  return minor(oldest) <= minor(newestApi) ? newestApi : theirs;
}

/** Engine and host, from `GET /version` and `GET /info`; parts that both lack are absent. */
export function describeEngine(responses: EngineResponses): RuntimeDescription {
  const version = objectOf(responses.version) ?? {};
  const info = objectOf(responses.info) ?? {};
  return present<RuntimeDescription>({
    name: responses.name,
    runtimeName: isPodman(version) ? 'podman' : 'docker',
    runtimeVersion: shortOf(version['Version']) ?? shortOf(info['ServerVersion']),
    apiVersion: responses.apiVersion,
    hostName: shortOf(info['Name']),
    // Podman makes one up for each response.
    hostId: isPodman(version) ? undefined : shortOf(info['ID']),
    osType: shortOf(info['OSType']) ?? shortOf(version['Os']),
    operatingSystem: shortOf(info['OperatingSystem']),
    kernelVersion: shortOf(info['KernelVersion']),
    architecture: shortOf(info['Architecture']) ?? shortOf(version['Arch']),
    cgroupVersion: cgroupVersion(info),
    cgroupDriver: shortOf(info['CgroupDriver']),
    storageDriver: shortOf(info['Driver']),
    storageDirectory: storageDirectory(info),
    images: amountOf(info['Images']),
    cpus: positiveOf(info['NCPU']),
    memoryBytes: positiveOf(info['MemTotal']),
    clockOffsetMillis: responses.clockOffsetMillis,
    warnings: textsOf(info['Warnings'])
      .filter((text) => text.length <= maxCharacters)
      .slice(0, maxWarnings),
  });
}

/** Places of an engine's time: `GET /info`, its header `Date`, and the agent's clock before and after. */
interface HostTime {
  readonly info: unknown;
  readonly date: string | undefined;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** Clocks that differ by no more agree: the header `Date` has whole seconds. */
const agreementMillis = 1000;

/**
 * The engine's clock minus the agent's, in milliseconds: 0 where both may agree within a second, undefined where the
 * engine does not report its time. `SystemTime` is exact and the engine's own; `Date` may be a proxy's, and has whole
 * seconds. The engine read its clock at some moment between request and response.
 */
export function clockOffset({ info, date = '', sentAt, receivedAt }: HostTime): number | undefined {
  const exact = timeOf(objectOf(info)?.['SystemTime']);
  // `Date.parse` takes much for a date that HTTP does not.
  const hostTime = exact ?? (date.endsWith(' GMT') ? Date.parse(date) : NaN);
  if (!Number.isFinite(hostTime)) return undefined;
  const min = hostTime - receivedAt;
  const max = hostTime + (exact === undefined ? 1000 : 0) - sentAt;
  return min <= agreementMillis && max >= -agreementMillis ? 0 : Math.round((min + max) / 2);
}

/** Clocks drift between two descriptions of an engine, and `Date` has whole seconds; what exceeds that is a jump. */
const jumpMillis = 3000;

/** A reading of an engine's clock as the agent's has it, and the agent's before and after; milliseconds since the epoch. */
interface ClockReading {
  readonly readAt: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** True when the engine cannot have read its clock during the call: one of both was set. */
export function clockJumped({ readAt, sentAt, receivedAt }: ClockReading): boolean {
  return readAt < sentAt - jumpMillis || readAt > receivedAt + jumpMillis;
}

/** Longer than any name or version: each container's resource has them. */
const maxCharacters = 1024;
const maxWarnings = 100;

/** A text that may be a name or a version; absent when it is longer. */
function shortOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text !== undefined && text.length <= maxCharacters ? text : undefined;
}

function isPodman(version: Fields): boolean {
  return listOf(version['Components']).some(
    (component) => textOf(objectOf(component)?.['Name']) === 'Podman Engine',
  );
}

function cgroupVersion(info: Fields): number | undefined {
  const given = Number(textOf(info['CgroupVersion']) ?? integerOf(info['CgroupVersion']));
  return given === 1 || given === 2 ? given : undefined;
}

/** Where containerd keeps its snapshots unless it is configured. */
const containerdDirectory = '/var/lib/containerd';

/** Of an engine that leaves layers to containerd: that one's, unless the engine runs it, below its own directory. */
function storageDirectory(info: Fields): string | undefined {
  const own = shortOf(info['DockerRootDir']);
  if (!own?.startsWith('/')) return undefined;
  const status = listOf(info['DriverStatus']).map((pair) => textsOf(pair));
  const isContainerd = status.some(([, value]) => value?.startsWith('io.containerd.snapshotter'));
  if (!isContainerd) return own;
  const address = textOf(objectOf(info['Containerd'])?.['Address']);
  return address?.startsWith('/run/containerd/') ? containerdDirectory : own;
}

/** All versions begin with `1.`: the number behind it orders them. */
function minor(version: string): number {
  return Number(version.split('.')[1]);
}

/** The engine's value for an unknown size, as of volumes of other drivers than local. */
const unknownSize = -1;
/** Containers in these states use what they hold. */
const activeStates: readonly unknown[] = ['running', 'paused', 'restarting'];

/**
 * `GET /system/df`. From API 1.52 on it sums up by itself; the lists of earlier versions are summed up here as newer
 * engines do it, so that every engine gives the same values. A type that the response lacks is absent.
 * Throws {@link SourceError} `bad-response` when the response is no object.
 */
export function parseDiskUsage(response: unknown): DiskUsage {
  const fields = objectOf(response);
  if (!fields) throw new SourceError('bad-response', 'disk usage: expected a JSON object');
  const of = (summary: string, list: string, sumUp: (items: readonly Fields[]) => DiskSize) =>
    summed(objectOf(fields[summary])) ?? listed(fields[list], sumUp);
  return present<DiskUsage>({
    image: of('ImageUsage', 'Images', (images) => imageSize(fields['LayersSize'], images)),
    container: of('ContainerUsage', 'Containers', containerSize),
    volume: of('VolumeUsage', 'Volumes', volumeSize),
    build_cache: of('BuildCacheUsage', 'BuildCache', buildCacheSize),
    writableLayers: writableLayers(fields['Containers'] ?? objectOf(fields['ContainerUsage'])?.['Items']),
  });
}

/** The engine leaves out a size of 0. */
function writableLayers(items: unknown): ReadonlyMap<string, number> | undefined {
  const layers = listOf(items).flatMap((item) => {
    const { Id, SizeRw } = objectOf(item) ?? {};
    const [id, bytes] = [shortOf(Id), amountOf(SizeRw ?? 0)];
    return id === undefined || bytes === undefined ? [] : [[id, bytes] as const];
  });
  return layers.length > 0 ? new Map(layers) : undefined;
}

/** The engine leaves out what is 0. */
function summed(summary: Fields | undefined): DiskSize | undefined {
  if (!summary) return undefined;
  return sized(summary['TotalSize'] ?? 0, summary['Reclaimable'] ?? 0);
}

/** An empty list may be null; without the key the engine does not have the type. */
function listed(list: unknown, sumUp: (items: readonly Fields[]) => DiskSize): DiskSize | undefined {
  if (list === undefined || (list !== null && !Array.isArray(list))) return undefined;
  return sumUp(listOf(list).map((item) => objectOf(item) ?? {}));
}

/** Layers that images share are counted once in the total, and cannot be reclaimed. */
function imageSize(layersSize: unknown, images: readonly Fields[]): DiskSize {
  const unused = images.filter(({ Containers }) => Containers === 0);
  return sized(layersSize ?? 0, sum(unused.map(unsharedSize)));
}

function unsharedSize({ Size, SharedSize }: Fields): unknown {
  const [size, shared] = [amountOf(Size), amountOf(SharedSize)];
  if (size !== undefined && shared !== undefined) return Math.max(0, size - shared);
  return [Size, SharedSize].includes(unknownSize) ? unknownSize : undefined;
}

/** Writable layers; one that is empty has no size. */
function containerSize(containers: readonly Fields[]): DiskSize {
  const sizes = (items: readonly Fields[]) => sum(items.map(({ SizeRw }) => SizeRw ?? 0));
  const unused = containers.filter(({ State }) => !activeStates.includes(State));
  return sized(sizes(containers), sizes(unused));
}

function volumeSize(volumes: readonly Fields[]): DiskSize {
  const usages = volumes.map(({ UsageData }) => objectOf(UsageData) ?? { Size: unknownSize });
  const sizes = (items: readonly Fields[]) => sum(items.map(({ Size }) => Size));
  return sized(sizes(usages), sizes(usages.filter(({ RefCount }) => RefCount === 0)));
}

/** Records shared with images cannot be reclaimed here. */
function buildCacheSize(records: readonly Fields[]): DiskSize {
  const sizes = (items: readonly Fields[]) => sum(items.map(({ Size }) => Size));
  return sized(
    sizes(records),
    sizes(records.filter(({ InUse, Shared }) => InUse !== true && Shared !== true)),
  );
}

function sized(total: unknown, reclaimable: unknown): DiskSize {
  return present<DiskSize>({ totalBytes: amountOf(total), reclaimableBytes: amountOf(reclaimable) });
}

/** Without one of its terms a sum would be too small: then it is absent. Sizes of -1 are left out. */
function sum(sizes: readonly unknown[]): number | undefined {
  const known = sizes.filter((size) => size !== unknownSize).map(amountOf);
  return known.reduce((total: number | undefined, size) => {
    return total === undefined || size === undefined ? undefined : total + size;
  }, 0);
}
