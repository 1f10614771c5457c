import { healthStatuses } from '../../model/container.ts';
import { countedActions, exitClasses, exitClassOf } from '../../model/events.ts';
import type { CountedAction, EventCounts } from '../../model/events.ts';
import type { Attributes, ContainerInstrument, EngineInstrument } from '../../model/instrument.ts';

const actionKey = 'container.event.action';
const healthKey = 'container.health.status';
const classKey = 'container.exit.class';
const codeKey = 'container.exit.code';
const imageKey = 'container.image.name';
const overflowKey = 'otel.metric.overflow';

const actionAttributes = countedActions.map((action) => ({ action, attributes: { [actionKey]: action } }));
const healthAttributes = healthStatuses.map((health) => ({
  health,
  attributes: { [actionKey]: 'health_status', [healthKey]: health },
}));
const absentWhen = 'the engine tells no events (Podman, some proxies)';

/** What happened to a container while the agent listened: profile `semconv`. */
export const semconvEvents: readonly ContainerInstrument[] = [
  {
    name: 'container.events',
    kind: 'counter',
    unit: '{event}',
    description: 'Events of the container since the agent listens, by action',
    attributes: [actionKey, healthKey],
    source: 'events',
    stability: 'extension',
    absentWhen,
    observe({ events, state }, observe) {
      if (!events) return;
      for (const { action, attributes } of actionAttributes)
        observe(events.actions.get(action) ?? 0, attributes, events.since);
      for (const { health, attributes } of healthAttributes) {
        const count = events.health.get(health) ?? (state.health === undefined ? undefined : 0);
        if (count !== undefined) observe(count, attributes, events.since);
      }
    },
  },
  {
    name: 'container.exits',
    kind: 'counter',
    unit: '{exit}',
    description:
      'Ends of the container since the agent listens, by exit code; stays in sight for a while where it removed itself (--rm)',
    attributes: [classKey, codeKey],
    source: 'events',
    stability: 'extension',
    absentWhen: 'the container did not end, or the engine tells no events (Podman, some proxies)',
    observe({ events }, observe) {
      if (!events) return;
      for (const [code, count] of events.exitCodes)
        observe(count, { [classKey]: exitClassOf(code), [codeKey]: code }, events.since);
    },
  },
];

/** The same over all containers that were ever there: profile `semconv`. */
export const semconvImageEvents: EngineInstrument = {
  name: 'container.image.events',
  kind: 'counter',
  unit: '{event}',
  description: 'Events of all containers of an image since the agent listens, those that are gone too',
  attributes: ['engine', imageKey, actionKey, classKey, healthKey, overflowKey],
  source: 'events',
  stability: 'extension',
  absentWhen: 'the engine does not answer, or tells no events (Podman, some proxies)',
  observe({ engine: { name: engine }, containerCount, imageEvents }, observe) {
    if (!imageEvents || containerCount === undefined) return;
    for (const [image, counts] of imageEvents.images) {
      const whose = image === undefined ? { engine, [overflowKey]: true } : { engine, [imageKey]: image };
      for (const [count, attributes] of seriesOf(counts))
        observe(count, { ...whose, ...attributes }, imageEvents.since);
    }
  },
};

/** Deaths by class and not as a whole besides: their sum would count them twice. */
function seriesOf({ actions, exits, health }: EventCounts): readonly (readonly [number, Attributes])[] {
  const isWhole = (action: CountedAction): boolean => action !== 'die';
  return [
    ...countedActions
      .filter(isWhole)
      .map((action) => [actions.get(action) ?? 0, { [actionKey]: action }] as const),
    ...exitClasses.map((name) => [exits.get(name) ?? 0, { [actionKey]: 'die', [classKey]: name }] as const),
    ...[...health].map(
      ([status, count]) => [count, { [actionKey]: 'health_status', [healthKey]: status }] as const,
    ),
  ];
}
