/** Two answers of a runtime to the same question, as text. */
export interface AnswerPair {
  readonly older: string;
  readonly newer: string;
}

/** Keeps the last two stats responses of each audited container. */
export class AnswerPairs {
  readonly #last = new Map<string, { readonly older?: string; readonly newer: string }>();

  /** Takes the next answer of a container. */
  hear(id: string, answer: string): void {
    const before = this.#last.get(id);
    this.#last.set(id, { newer: answer, ...(before && { older: before.newer }) });
  }

  /** Undefined while there was one answer at most. */
  of(id: string): AnswerPair | undefined {
    const { older, newer } = this.#last.get(id) ?? {};
    return older === undefined || newer === undefined ? undefined : { older, newer };
  }

  forget(id: string): void {
    this.#last.delete(id);
  }
}
