import type { ContainerEvent, ContainerSource } from '../../src/sources/container-source.ts';

/** A stream of events that a test writes, ends and breaks by hand; each opening is a stream of its own. */
export class ScriptedEvents {
  opened = 0;
  #waiting: ((event: ContainerEvent | undefined) => void) | undefined;
  #pending: ContainerEvent[] = [];

  /** What `ScriptedSource.eventsOf` is set to. */
  readonly source: ContainerSource['events'] = (signal) => {
    this.opened += 1;
    this.#pending = [];
    signal.addEventListener('abort', () => this.end());
    return Promise.resolve(this.#read());
  };

  tell(id: string, action: string): void {
    const event = { id, action, attributes: {} };
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(event);
    else this.#pending.push(event);
  }

  /** The engine closes the stream. */
  end(): void {
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }

  async *#read(): AsyncGenerator<ContainerEvent> {
    for (;;) {
      const event =
        this.#pending.shift() ??
        (await new Promise<ContainerEvent | undefined>((resolve) => {
          this.#waiting = resolve;
        }));
      if (!event) return;
      yield event;
    }
  }
}
