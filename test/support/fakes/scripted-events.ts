import type { ContainerAction, ContainerEvent } from '../../../src/model/events.ts';
import type { ContainerSource } from '../../../src/sources/container-source.ts';

/** A stream of events that a test writes, ends and breaks by hand; each opening is a stream of its own. */
export class ScriptedEvents {
  opened = 0;
  /** Start of the last opened stream. */
  sinceNanos: number | undefined;
  /** Called when a stream has been opened. */
  onOpen: () => void = () => undefined;
  #waiting: ((event: ContainerEvent | undefined) => void) | undefined;
  #pending: ContainerEvent[] = [];

  /** Value for `ScriptedSource.eventsOf`. */
  readonly source: ContainerSource['events'] = (signal, sinceNanos) => {
    this.opened += 1;
    this.#pending = [];
    this.sinceNanos = sinceNanos;
    this.onOpen();
    signal.addEventListener('abort', () => this.end());
    return Promise.resolve(this.#read());
  };

  emit(id: string, action: ContainerAction, nanos?: number, name?: string): void {
    this.send({
      id,
      action,
      labels: {},
      ...(nanos !== undefined && { nanos }),
      ...(name !== undefined && { name }),
    });
  }

  send(event: ContainerEvent): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(event);
    else this.#pending.push(event);
  }

  /** The runtime closes the stream. */
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
