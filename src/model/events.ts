import type { ContainerIdentity, HealthStatus } from './container.ts';
import type { RuntimeDescription } from './runtime.ts';
import type { Sample } from './sample.ts';

/** Actions of the runtime that are counted, in its own words. Health transitions are counted by what they lead to. */
export const countedActions = ['start', 'restart', 'die', 'oom', 'kill', 'pause'] as const;

/** One of {@link countedActions}. */
export type CountedAction = (typeof countedActions)[number];

/** Classes of exit codes: 0, an own code, or 128 + n for signal n. */
export const exitClasses = ['success', 'error', 'signal'] as const;

/** One of {@link exitClasses}. */
export type ExitClass = (typeof exitClasses)[number];

/** The class of an exit code. */
export function exitClassOf(exitCode: number): ExitClass {
  if (exitCode === 0) return 'success';
  // There are 64 signals: 255 is the code of a program that ends with -1. Windows' own codes are far above.
  return exitCode > 128 && exitCode <= 128 + 64 ? 'signal' : 'error';
}

/** Counts of events; an action that is not in a map has not occurred. */
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

/** Actions that sources hand over, in Docker's words; sources of other runtimes translate theirs. */
export const containerActions = [
  'create',
  'start',
  'restart',
  'die',
  'stop',
  'kill',
  'oom',
  'pause',
  'unpause',
  'rename',
  'update',
  'destroy',
  'health_status',
] as const;

/** One of {@link containerActions}. */
export type ContainerAction = (typeof containerActions)[number];

/** Something that happened to a container, normalised by its source. */
export interface ContainerEvent {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly action: ContainerAction;
  /** By the runtime's clock, in nanoseconds since the epoch, to the 256 of a double's resolution. */
  readonly nanos?: number;
  /** Name at that time; absent where the event does not carry it. */
  readonly name?: string;
  /** Image as its user typed it. */
  readonly image?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of `rename`: the name before, as the runtime writes it; Docker puts a slash before it. */
  readonly oldName?: string;
  /** Of `die`. */
  readonly exitCode?: number;
  /** Of `die`: how long the container ran, in whole seconds. */
  readonly execSeconds?: number;
  /** Of `kill`: the signal's number or name. */
  readonly signal?: string;
  /** Of `health_status`. */
  readonly health?: HealthStatus;
}

/** An event, the runtime that sent it, and its container. */
export interface ReceivedEvent {
  readonly runtime: RuntimeDescription;
  readonly event: ContainerEvent;
  /** As its tracker has it, else as the event describes it; absent when it is not selected. */
  readonly identity?: ContainerIdentity;
  /** Of `die`: what the run had used, where the kernel's files gave it. */
  readonly last?: Sample;
}
