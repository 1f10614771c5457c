import type { ContainerSet } from '../world/container-set.ts';
import { imageId } from './list.ts';
import type { SimulatedContainer } from '../world/container.ts';

const MIB = 2 ** 20;
/** Of the size of each image: the base that all images have in common. */
const SHARED = 28 * MIB;

/** States in which a container uses its layer. */
const ACTIVE: readonly string[] = ['running', 'paused', 'restarting'];

/** The sums of newer engines alone, or the lists of older ones. */
export type DiskUsageForm = 'sums' | 'lists';

/** The answer to `/system/df` (shape of Moby's api/types/system DiskUsage, before API 1.52 and since). */
export function diskUsageAnswer(containers: ContainerSet, form: DiskUsageForm): object {
  const all = [...containers.values()];
  const parts = {
    images: images(all),
    containers: all.map(writableLayer),
    volumes: volumes(all),
    cache: CACHE,
  };
  const layersSize = SHARED + sum(parts.images.map(({ Size, SharedSize }) => Size - SharedSize));
  if (form === 'lists') {
    return {
      LayersSize: layersSize,
      Images: parts.images,
      Containers: parts.containers,
      Volumes: parts.volumes,
      BuildCache: parts.cache,
    };
  }
  return {
    ImageUsage: usage(layersSize, parts.images, ({ Size, SharedSize, Containers }) =>
      Containers === 0 ? Size - SharedSize : 0,
    ),
    ContainerUsage: usage(
      sum(parts.containers.map(({ SizeRw }) => SizeRw)),
      parts.containers,
      ({ SizeRw, State }) => (ACTIVE.includes(State) ? 0 : SizeRw),
    ),
    VolumeUsage: usage(
      sum(parts.volumes.map(({ UsageData }) => UsageData.Size)),
      parts.volumes,
      ({ UsageData }) => (UsageData.RefCount === 0 ? UsageData.Size : 0),
    ),
    BuildCacheUsage: usage(sum(CACHE.map(({ Size }) => Size)), CACHE, ({ InUse, Shared, Size }) =>
      InUse || Shared ? 0 : Size,
    ),
  };
}

const CACHE = [
  { ID: 'c1', Type: 'regular', InUse: false, Shared: true, Size: 30 * MIB },
  { ID: 'c2', Type: 'regular', InUse: false, Shared: false, Size: 180 * MIB },
  { ID: 'c3', Type: 'source.local', InUse: true, Shared: false, Size: 2 * MIB },
];

/** Moby leaves out what is 0. */
function usage<T>(total: number, items: readonly T[], reclaimable: (item: T) => number): object {
  const sums = { TotalCount: items.length, TotalSize: total, Reclaimable: sum(items.map(reclaimable)) };
  return Object.fromEntries(Object.entries(sums).filter(([, value]) => value !== 0));
}

/** The images of the containers, and one that no container was made of. */
function images(containers: readonly SimulatedContainer[]) {
  const names = [...new Set(containers.map(({ spec }) => spec.image)), 'registry.example/unused:1.0'];
  return names.map((name) => ({
    Id: imageId(name),
    RepoTags: [name],
    Size: SHARED + drawnBytes(imageId(name)) * 40,
    SharedSize: SHARED,
    Containers: containers.filter(({ spec }) => spec.image === name).length,
  }));
}

function writableLayer(container: SimulatedContainer) {
  const { id, name, state } = container;
  return { Id: id, Names: [`/${name}`], State: state.status, SizeRw: drawnBytes(id) };
}

function volumes(containers: readonly SimulatedContainer[]) {
  const mounts = containers.flatMap(({ spec }) => spec.mounts.filter(({ type }) => type === 'volume'));
  const names = [...new Set(mounts.map(({ source }) => source)), 'forgotten'];
  return names.map((Name) => ({
    Name,
    Driver: 'local',
    UsageData: {
      Size: drawnBytes(imageId(Name)) * 20,
      RefCount: mounts.filter(({ source }) => source === Name).length,
    },
  }));
}

/** Up to 4 MiB, by the hexadecimal digits of an id. */
function drawnBytes(id: string): number {
  return Number.parseInt(id.replace(/^sha256:/, '').slice(0, 6), 16) % (4 * MIB);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
