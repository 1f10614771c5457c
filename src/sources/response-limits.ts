import { getHeapStatistics } from 'node:v8';
import { SourceError } from './source-error.ts';

const mebibyte = 1024 * 1024;

/** A share of the heap's limit, within bounds that no machine needs to leave. */
function share(parts: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.floor(getHeapStatistics().heap_size_limit / parts)));
}

/** Bounds of a runtime's responses, in proportion to the heap's limit. */
export const responseLimits = {
  /** Bytes of what one container may have: an inspect, a stats response, an item of a list, an event. */
  itemBytes: share(128, mebibyte, 8 * mebibyte),
  /** Bytes that are kept of one response about all containers, and of all calls of one container together. */
  keptBytes: share(16, 8 * mebibyte, 64 * mebibyte),
  /** Bytes that are read of one response about all containers, what is left out of it included. */
  readBytes: share(1, 256 * mebibyte, 1024 * mebibyte),
  /** Items of a list of containers. */
  items: share(8 * 1024, 16 * 1024, 256 * 1024),
  /** Values of one response: each costs an object, however few bytes it has. */
  values: share(384, 256 * 1024, 4 * mebibyte),
  /** Objects and lists within each other. */
  depth: 64,
} as const;

/** So many chunks a body may always have; beyond them they must have that many bytes on average, for each costs time. */
const [freeChunks, minChunkBytes] = [4096, 64];

/** Throws {@link SourceError} `too-large` when a body comes in too many chunks for its bytes. */
export function expectFewChunks(chunks: number, bytes: number): void {
  if (chunks > freeChunks + bytes / minChunkBytes)
    throw new SourceError('too-large', `the response comes in ${chunks} chunks of ${bytes} bytes together`);
}

/** Reason for a part of a response that was left out. */
export type Refusal = 'too-large' | 'too-deep';

/** The first part of an item that was left out. */
export interface RefusedPart {
  readonly reason: Refusal;
  /** Name of the field; absent for a whole item, or a name of no runtime's. */
  readonly field?: string;
}
