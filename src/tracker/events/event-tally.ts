import { healthStatuses } from '../../model/container.ts';
import type { HealthStatus } from '../../model/container.ts';
import type { ContainerEvent } from '../../model/container-event.ts';
import { countedActions, exitClassOf } from '../../model/events.ts';
import type { CountedAction, EventCounts, ExitClass } from '../../model/events.ts';

/** Windows has billions of exit codes. */
const mostExitCodes = 100;

/** Counts events, of a container or of all those of an image. */
export class EventTally implements EventCounts {
  readonly actions = new Map<CountedAction, number>();
  readonly health = new Map<HealthStatus, number>();
  readonly exits = new Map<ExitClass, number>();
  readonly exitCodes = new Map<number, number>();

  /** Actions that are not counted are passed over. */
  count({ action, attributes }: ContainerEvent): void {
    const counted = countedActions.find((name) => name === action);
    if (counted) increment(this.actions, counted);
    else this.#countHealth(action);
    if (counted === 'die') this.#countExit(attributes['exitCode']);
  }

  /** `health_status: healthy`. */
  #countHealth(action: string): void {
    const [name, told = ''] = action.split(':');
    const health = name === 'health_status' && healthStatuses.find((status) => status === told.trim());
    if (health) increment(this.health, health);
  }

  /** A code that is none makes a death of no class. */
  #countExit(text: string | undefined): void {
    if (text === undefined || !/^-?\d{1,10}$/.test(text)) return;
    const exitCode = Number(text);
    increment(this.exits, exitClassOf(exitCode));
    if (this.exitCodes.has(exitCode) || this.exitCodes.size < mostExitCodes)
      increment(this.exitCodes, exitCode);
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
