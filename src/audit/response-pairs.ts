/** Two responses of a runtime to the same request, as text. */
export interface ResponsePair {
  readonly older: string;
  readonly newer: string;
}

/** Keeps the last two stats responses of each audited container. */
export class ResponsePairs {
  readonly #last = new Map<string, { readonly older?: string; readonly newer: string }>();

  /** Takes the next response of a container. */
  add(id: string, response: string): void {
    const before = this.#last.get(id);
    this.#last.set(id, { newer: response, ...(before && { older: before.newer }) });
  }

  /** Undefined until there are two responses. */
  of(id: string): ResponsePair | undefined {
    const { older, newer } = this.#last.get(id) ?? {};
    return older === undefined || newer === undefined ? undefined : { older, newer };
  }

  forget(id: string): void {
    this.#last.delete(id);
  }
}
