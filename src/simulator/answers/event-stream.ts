import { type Answer, errorAnswer, type AnswerRequest, type LineSink } from './answers.ts';
import type { EngineEvent, EventLog } from '../world/event-log.ts';
import { type EventQuery, parseEventQuery } from './events.ts';

/** From this API version on, events lack the old doubles `status`, `id` and `from`. */
const WITHOUT_DOUBLES_SINCE = 52;

/** The answer to `/events`: what the ring has since `since`, then what happens until `until`. */
export function eventStream(events: EventLog, { query, apiMinor }: AnswerRequest, now: number): Answer {
  const wanted = parseEventQuery(query);
  if (wanted.kind === 'invalid') return errorAnswer(400, wanted.message);
  return {
    kind: 'lines',
    open: (sink) => {
      const send = (event: EngineEvent): void => {
        const inTime = wanted.untilNano === undefined || event.timeNano <= wanted.untilNano;
        if (inTime && wanted.wants(event)) sink.line(renderEvent(event, apiMinor));
      };
      if (wanted.sinceNano !== undefined) events.replay(wanted.sinceNano).forEach(send);
      return follow(events, { send, sink, wanted }, now);
    },
  };
}

interface Follower {
  readonly send: (event: EngineEvent) => void;
  readonly sink: LineSink;
  readonly wanted: Extract<EventQuery, { kind: 'wanted' }>;
}

function follow(events: EventLog, { send, sink, wanted }: Follower, now: number): () => void {
  const left = wanted.untilNano === undefined ? undefined : Number(wanted.untilNano) / 1e6 - now;
  if (left !== undefined && left <= 0) {
    sink.end();
    return () => undefined;
  }
  const stop = events.listen(send);
  const timer = left === undefined ? undefined : setTimeout(() => sink.end(), left).unref();
  return () => {
    stop();
    clearTimeout(timer);
  };
}

/** One line of `/events` (shape of Moby's api/types/events Message). */
function renderEvent({ type, action, actorId, attributes, timeNano }: EngineEvent, apiMinor: number): string {
  const isContainer = type === 'container';
  const doubles = {
    status: action,
    id: actorId,
    ...(attributes['image'] !== undefined && { from: attributes['image'] }),
  };
  const message = {
    ...(isContainer && apiMinor < WITHOUT_DOUBLES_SINCE && doubles),
    Type: type,
    Action: action,
    Actor: { ID: actorId, Attributes: attributes },
    scope: 'local',
    time: Number(timeNano / 10n ** 9n),
  };
  // Nanoseconds are beyond what a JavaScript number holds exactly.
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${timeNano}}\n`;
}
