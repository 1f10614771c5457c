/** The parts of the Engine API that faults and request counters distinguish. */
export type Endpoint = 'ping' | 'version' | 'info' | 'list' | 'inspect' | 'stats' | 'events' | 'df';

/** One thing that goes wrong with an answer. */
export type Fault =
  /** Answers that much later. */
  | { readonly kind: 'delay'; readonly millis: number }
  /** An error answer; the message as Moby's JSON. */
  | { readonly kind: 'status'; readonly status: number; readonly message?: string }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Sends the headers of a good answer and nothing after them. */
  | { readonly kind: 'stall' }
  /** Closes the socket without an answer. */
  | { readonly kind: 'reset' }
  /** Closes the socket after half of the body; of a stream, in the middle of its first line. */
  | { readonly kind: 'truncate' }
  /** A proxy's HTML page instead of JSON, with that status (502). */
  | { readonly kind: 'html'; readonly status?: number }
  /** Valid JSON of an unexpected type: a text. */
  | { readonly kind: 'wrong-type' }
  /** JSON that goes on for ever, or for that many bytes. */
  | { readonly kind: 'endless'; readonly bytes?: number }
  /** A one-shot sample waits for the engine's next tick, as before Engine 25. */
  | { readonly kind: 'tick-wait' }
  /** This JSON instead of the answer, with status 200; of a stream, instead of each line. */
  | { readonly kind: 'replace'; readonly json: unknown }
  /** One field of the answer gets another value, or goes when there is none; numbers of the path index arrays. */
  | { readonly kind: 'set'; readonly path: readonly (string | number)[]; readonly value?: unknown }
  /** The text of the answer, or of each line of a stream, made into another. */
  | { readonly kind: 'mutate'; readonly mutate: (text: string) => string };

/** Requests that a fault affects. */
export interface FaultScope {
  /** Name or id; absent: all of them. */
  readonly container?: string;
  /** Only the next so many requests. */
  readonly times?: number;
}

interface Entry {
  readonly endpoint: Endpoint;
  readonly fault: Fault;
  readonly container: string | undefined;
  left: number;
}

/** The faults that are on; several of one endpoint act one after the other, in the order they were set. */
export class FaultTable {
  #entries: Entry[] = [];

  set(
    endpoint: Endpoint,
    fault: Fault,
    { container, times = Number.POSITIVE_INFINITY }: FaultScope = {},
  ): void {
    this.#entries.push({ endpoint, fault, container, left: times });
  }

  /** Takes the faults of one endpoint away, or all. */
  clear(endpoint?: Endpoint): void {
    this.#entries =
      endpoint === undefined ? [] : this.#entries.filter((entry) => entry.endpoint !== endpoint);
  }

  /** The faults of a request for a container that goes by these names; each one counts as used. */
  take(endpoint: Endpoint, aliases: readonly string[]): Fault[] {
    const taken = this.#entries.filter(
      (entry) =>
        entry.endpoint === endpoint && (entry.container === undefined || aliases.includes(entry.container)),
    );
    for (const entry of taken) entry.left -= 1;
    this.#entries = this.#entries.filter(({ left }) => left > 0);
    return taken.map(({ fault }) => fault);
  }
}
