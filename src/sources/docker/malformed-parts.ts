import type { MemoryPart, SamplePart } from '../../model/sample.ts';
import { countOf, integerOf, isMalformed, objectOf } from '../json-fields.ts';
import type { Fields } from '../json-fields.ts';

/** What of a stats answer is there, but makes no sense: unlike what is left out, it does not say that nothing was counted. */
export function unknownParts({ networks, blkio_stats: blockIo }: Fields): readonly SamplePart[] | undefined {
  const parts = [
    ...(hasNonsense(networks) ? ['networks' as const] : []),
    ...(isBlockIoUnknown(objectOf(blockIo)) ? ['blockIo' as const] : []),
  ];
  return parts.length > 0 ? parts : undefined;
}

/** The same of its memory. */
export function unknownMemory(stats: Fields): readonly MemoryPart[] | undefined {
  const keys = objectOf(stats['stats']) ?? {};
  const parts = [
    ...(isMalformed(stats['failcnt'], countOf) ? ['failcnt' as const] : []),
    ...(isMalformed(stats['stats'], objectOf) ? ['stats' as const] : []),
    ...(['inactive_file', 'total_inactive_file'] as const).filter((key) => isMalformed(keys[key], countOf)),
  ];
  return parts.length > 0 ? parts : undefined;
}

function hasNonsense(networks: unknown): boolean {
  if (isMalformed(networks, objectOf)) return true;
  return Object.values(objectOf(networks) ?? {}).some((network) => !objectOf(network));
}

/** Every engine has the object, and `null` for a list of which nothing was counted. */
function isBlockIoUnknown(blockIo: Fields | undefined): boolean {
  const list = blockIo?.['io_service_bytes_recursive'];
  if (list === null) return false;
  return !Array.isArray(list) || list.some((entry) => !isEntry(objectOf(entry)));
}

function isEntry(entry: Fields | undefined): boolean {
  const numbers = [entry?.['major'], entry?.['minor']].map(integerOf);
  return typeof entry?.['op'] === 'string' && numbers.every((number) => number !== undefined && number >= 0);
}
