import type { ContainerSet } from '../world/container-set.ts';
import { hasProcesses } from '../world/container-state.ts';
import { type Answer, type AnswerRequest, type EngineAnswers, errorAnswer, jsonAnswer } from './answers.ts';
import { diskUsageAnswer, infoAnswer, versionAnswer } from './engine.ts';
import type { EngineHost } from '../world/host.ts';
import type { EventLog } from '../world/event-log.ts';
import { eventStream } from './events.ts';
import { inspectAnswer } from './inspect.ts';
import { ListItems, isTrue, parseListQuery } from './list.ts';
import { networkMode } from './networks.ts';
import type { SampleTicks } from './sample-ticks.ts';
import type { SimulatedContainer } from '../world/container.ts';
import { noStats, type SampleTimes, statsAnswer } from './stats.ts';
import type { Timeline } from '../world/timeline.ts';

/** The simulated world, as far as answers show it. */
export interface LiveWorld {
  readonly host: EngineHost;
  readonly containers: ContainerSet;
  readonly events: EventLog;
  readonly timeline: Timeline;
  readonly ticks: SampleTicks;
}

/** Between two samples of the engine's own, in simulated ms. */
const SAMPLE_MILLIS = 1000;

/** Answers from the simulated world as it is at the moment of asking. */
export class LiveAnswers implements EngineAnswers {
  readonly versions: EngineHost;
  readonly #world: LiveWorld;
  readonly #items = new ListItems();

  constructor(world: LiveWorld) {
    this.#world = world;
    this.versions = world.host;
  }

  aliases(reference: string): readonly string[] {
    const found = this.#world.containers.find(reference);
    return found.kind === 'found' ? [found.container.id, found.container.name] : [reference];
  }

  version(): Answer {
    return jsonAnswer(versionAnswer(this.#world.host));
  }

  info(): Answer {
    const { host, containers, events, timeline } = this.#world;
    return jsonAnswer(infoAnswer(host, containers, { now: timeline.advance(), listeners: events.listeners }));
  }

  list({ query, apiMinor }: AnswerRequest): Answer {
    const now = this.#world.timeline.advance();
    const wanted = parseListQuery(query);
    if (wanted.kind === 'invalid') return errorAnswer(400, wanted.message);
    const chosen = this.#world.containers.newestFirst().filter(wanted.wants).slice(0, wanted.limit);
    const items = chosen.map((container) => this.#items.render(container, now, apiMinor));
    return { kind: 'body', status: 200, body: `[${items.join(',')}]\n` };
  }

  inspect(reference: string): Answer {
    this.#world.timeline.advance();
    return this.#with(reference, (container) => jsonAnswer(inspectAnswer(container)));
  }

  async stats(reference: string, request: AnswerRequest): Promise<Answer> {
    this.#world.timeline.advance();
    const found = this.#world.containers.find(reference);
    if (found.kind !== 'found') return this.#with(reference, () => errorAnswer(500, ''));
    const { container } = found;
    const { query, signal, tickWait } = request;
    if (isTrue(query.get('stream') ?? 'true')) return this.#statsStream(container);
    if (!hasProcesses(container.state)) return { kind: 'body', status: 200, body: noStats(container) };
    const oneShot = isTrue(query.get('one-shot'));
    if (!oneShot) await this.#world.ticks.second(signal);
    else if (tickWait) await this.#world.ticks.next(signal);
    const at = this.#world.timeline.advance();
    return {
      kind: 'body',
      status: 200,
      body: this.#sample(container, { at, previous: oneShot ? undefined : at - SAMPLE_MILLIS }),
    };
  }

  events(request: AnswerRequest): Answer {
    return eventStream(this.#world.events, request, this.#world.timeline.advance());
  }

  diskUsage({ query, apiMinor }: AnswerRequest): Answer {
    this.#world.timeline.advance();
    const verbose = query.get('verbose');
    // Without the word, newer engines give the older lists besides.
    const form = apiMinor >= 52 && verbose !== null ? 'sums' : 'lists';
    return jsonAnswer(diskUsageAnswer(this.#world.containers, form));
  }

  #with(reference: string, answer: (container: SimulatedContainer) => Answer): Answer {
    const found = this.#world.containers.find(reference);
    switch (found.kind) {
      case 'found':
        return answer(found.container);
      case 'missing':
        return errorAnswer(404, `No such container: ${reference}`);
      case 'ambiguous':
        return errorAnswer(400, `multiple IDs found with provided prefix: ${reference}`);
    }
  }

  /** One line a tick, also while it does not run; ends when the container is removed, as Moby's collector does. */
  #statsStream(container: SimulatedContainer): Answer {
    const { events, ticks, timeline } = this.#world;
    return {
      kind: 'lines',
      open: (sink) => {
        let previous: number | undefined;
        const timer = setInterval(() => {
          const at = timeline.advance();
          sink.line(this.#sample(container, { at, previous }));
          previous = at;
        }, ticks.tickMillis).unref();
        const stop = events.listen(({ action, actorId }) => {
          if (action === 'destroy' && actorId === container.id) sink.end();
        });
        return () => {
          clearInterval(timer);
          stop();
        };
      },
    };
  }

  #sample(container: SimulatedContainer, times: SampleTimes): string {
    return statsAnswer(container, this.#world.host, times, this.#networkOwner(container));
  }

  /** Whose network namespace it is in: with `container:NAME` somebody else's. */
  #networkOwner(container: SimulatedContainer): SimulatedContainer {
    const [, owner] = /^container:(.+)$/.exec(networkMode(container)) ?? [];
    const found = this.#world.containers.find(owner ?? container.id);
    return found.kind === 'found' ? found.container : container;
  }
}
