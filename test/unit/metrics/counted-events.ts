import type { EventCountsSince } from '../../../src/model/events.ts';
import { EventTally } from '../../../src/tracker/events/event-counter.ts';

/** Counts with one of each kind. */
export function countedEvents(): EventCountsSince {
  const { actions, health, exits, exitCodes } = new EventTally();
  actions.set('die', 1);
  health.set('unhealthy', 1);
  exits.set('signal', 1);
  exitCodes.set(137, 1);
  return { since: 1000, actions, health, exits, exitCodes };
}
