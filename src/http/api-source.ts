import type { ByteReader } from '../concurrency/shared-bytes.ts';
import type { ContainerView, StreamMessage } from './schemas.ts';

/** A stream of messages, each under the name of its kind; its `return` ends it. */
export type ApiMessages = AsyncIterator<StreamMessage>;

/**
 * The container that an id, the beginning of one, or a name stands for; or the number of matches. `away` are the
 * runtimes that do not answer: the container may be one of theirs.
 */
export type ApiFound =
  | { readonly matches: 1; readonly id: string; readonly runtime: string; readonly view: ContainerView }
  | { readonly matches: number; readonly id?: never; readonly away: readonly string[] };

/** The source of the HTTP API. */
export interface ApiSource {
  /** All containers as JSON. @param onCut called when the reader is given up because others need the memory. */
  containers(onCut: () => void): Promise<ByteReader>;
  find(idOrName: string): Promise<ApiFound>;
  /** Milliseconds, or an error message. */
  interval(text: string | undefined): number | string;
  stats(id: string, runtime: string, everyMillis: number): ApiMessages;
  allStats(everyMillis: number): ApiMessages;
  events(): ApiMessages;
}
