import type { HealthStatus } from './container.ts';

/** Actions of the runtime that are counted, in its own words. Health transitions are counted by what they lead to. */
export const countedActions = ['start', 'restart', 'die', 'oom', 'kill', 'pause'] as const;

/** One of {@link countedActions}. */
export type CountedAction = (typeof countedActions)[number];

/** How a container ended: with 0, by its own code, or by signal n with 128 + n. */
export const exitClasses = ['success', 'error', 'signal'] as const;

/** One of {@link exitClasses}. */
export type ExitClass = (typeof exitClasses)[number];

/** The class of an exit code. */
export function exitClassOf(exitCode: number): ExitClass {
  if (exitCode === 0) return 'success';
  // There are 64 signals: 255 is what a program that ends with -1 is said to end with. Windows' own codes are far above.
  return exitCode > 128 && exitCode <= 128 + 64 ? 'signal' : 'error';
}

/** How often what happened; what is not in a map did not happen. */
export interface EventCounts {
  readonly actions: ReadonlyMap<CountedAction, number>;
  readonly health: ReadonlyMap<HealthStatus, number>;
  readonly exits: ReadonlyMap<ExitClass, number>;
  /** The first hundred codes that occurred. */
  readonly exitCodes: ReadonlyMap<number, number>;
}

/** The same with when the counting began: with listening to the runtime. Milliseconds since the epoch. */
export interface EventCountsSince extends EventCounts {
  readonly since: number;
}

/** The counts of one runtime, over all containers that were ever there, by image. */
export interface ImageEventCounts {
  readonly since: number;
  /** By name without tag; beyond a thousand names those of all others are under undefined. */
  readonly images: ReadonlyMap<string | undefined, EventCounts>;
}

/** Something that happened to a container. */
export interface ContainerEvent {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** The runtime's word: `start`, `die`, `health_status: healthy`. */
  readonly action: string;
  /** By the runtime's clock, in nanoseconds since the epoch, to the 256 that a double tells apart. */
  readonly nanos?: number;
  /** The container's labels among the runtime's own: `name`, `image`, `exitCode`, `signal`. */
  readonly attributes: Readonly<Record<string, string>>;
}
