/** A stream of messages, each under the name of its kind; its `return` ends it. */
export type ApiMessages = AsyncIterator<{ readonly event: string; readonly data: object }>;

/**
 * The container that an id, the beginning of one, or a name stands for; or how many. `away` are the runtimes that do not
 * answer: it may be one of theirs.
 */
export type ApiFound =
  | { readonly matches: 1; readonly id: string; readonly runtime: string; readonly view: object }
  | { readonly matches: number; readonly id?: never; readonly away: readonly string[] };

/** What the HTTP API serves. */
export interface ApiSource {
  containers(): Promise<object>;
  find(idOrName: string): Promise<ApiFound>;
  /** Milliseconds, or what is wrong with the text. */
  interval(text: string | undefined): number | string;
  stats(id: string, runtime: string, everyMillis: number): ApiMessages;
  allStats(everyMillis: number): ApiMessages;
  events(): ApiMessages;
}
