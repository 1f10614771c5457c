import type { ContainerIdentity } from '../model/container.ts';
import type { ContainerEvent } from '../model/events.ts';
import type { EventObserver } from '../model/observers.ts';
import { parseImageReference } from '../sources/image-reference.ts';
import type { ContainerList } from './container-list.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import type { EventRefresher } from './event-refresher.ts';
import type { TrackerSetOptions } from './options.ts';
import type { SourceState } from './source-state.ts';
import type { EndedRuns } from './ended-runs.ts';
import type { EventCounter } from './events/event-counter.ts';
import type { EventStreamListener } from './events/event-stream.ts';

/** Dependencies of {@link RuntimeEvents}. */
export interface RuntimeEventsOptions {
  readonly set: Pick<TrackerSetOptions, 'selection' | 'mapper'>;
  readonly observer: EventObserver;
  readonly state: SourceState;
  readonly trackers: ReadonlyMap<string, ContainerTracker>;
  readonly list: ContainerList;
  readonly counter: EventCounter;
  readonly ended: EndedRuns;
  readonly refresher: EventRefresher;
}

/** Joins each event to its container once, counts it, hands it to the observer and refreshes what it changed. */
export class RuntimeEvents implements EventStreamListener {
  readonly #options: RuntimeEventsOptions;

  constructor(options: RuntimeEventsOptions) {
    this.#options = options;
  }

  opened(): void {
    const { list, counter, observer, state } = this.#options;
    list.restart();
    counter.begin();
    observer.listening(state.runtime.name, true);
  }

  closed(): void {
    this.#options.observer.listening(this.#options.state.runtime.name, false);
  }

  missed(): void {
    const { list, refresher, observer, state } = this.#options;
    list.invalidate();
    refresher.request();
    observer.eventsMissed(state.runtime.name);
  }

  received(event: ContainerEvent): void {
    const { list, refresher, counter, ended, observer, state, trackers } = this.#options;
    list.change(event.id);
    const tracker = trackers.get(event.id);
    const identity = tracker?.identity ?? this.#identityOf(event);
    if (identity) counter.count(event, identity);
    const last = event.action === 'die' && identity ? ended.report(event.id, tracker) : undefined;
    observer.eventReceived({
      runtime: state.runtime,
      event,
      ...(identity && { identity }),
      ...(last && { last }),
    });
    refresher.request();
  }

  /** Identity of a container that was never inspected, from its event; undefined when it is not selected. */
  #identityOf({ id, name = id, image: reference, labels }: ContainerEvent): ContainerIdentity | undefined {
    const { selection, mapper } = this.#options.set;
    const listed = {
      id,
      name,
      labels,
      revision: '',
      changedRecently: true,
      // It may have ended since: what it was when it ran decides.
      status: 'running' as const,
      ...(reference !== undefined && { image: reference }),
    };
    if (selection?.selects(listed) === false) return undefined;
    const image = parseImageReference(reference, undefined);
    const identity = { id, name, image, labels, environment: [], command: [] };
    if (!mapper) return identity;
    const mapped = mapper.map(identity);
    // A container that is never listed would hold its attribute values for ever.
    mapper.forget(id);
    return { ...identity, mapped };
  }
}
