import type { UsageBracket } from '../model/observers.ts';

/** Two responses of a runtime to the same request, as text. */
export interface ResponsePair {
  readonly older: string;
  readonly newer: string;
  /** The kernel's files around each of them; absent where they were not read. */
  readonly kernel?: { readonly older: UsageBracket; readonly newer: UsageBracket };
}

/** A response, and the kernel's files around it. */
interface Response {
  readonly text: string;
  readonly kernel?: UsageBracket;
}

/** Keeps the last two stats responses of each audited container. */
export class ResponsePairs {
  readonly #last = new Map<string, { readonly older?: Response; readonly newer: Response }>();

  /** Takes the next response of a container. */
  add(id: string, text: string): void {
    const before = this.#last.get(id);
    this.#last.set(id, { newer: { text }, ...(before && { older: before.newer }) });
  }

  /** Takes what the kernel's files gave around the response taken last. */
  addKernel(id: string, kernel: UsageBracket): void {
    const last = this.#last.get(id);
    if (last) this.#last.set(id, { ...last, newer: { ...last.newer, kernel } });
  }

  /** Undefined until there are two responses. */
  of(id: string): ResponsePair | undefined {
    const { older, newer } = this.#last.get(id) ?? {};
    if (!older || !newer) return undefined;
    const kernel = older.kernel && newer.kernel && { older: older.kernel, newer: newer.kernel };
    return { older: older.text, newer: newer.text, ...(kernel && { kernel }) };
  }

  forget(id: string): void {
    this.#last.delete(id);
  }
}
