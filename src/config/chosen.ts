import type { NamedSetting } from './settings/setting.ts';

/** What won for one setting; nothing given: no names and no values. */
export interface Chosen {
  readonly setting: NamedSetting;
  /** As the user wrote them; several only where variables combine. */
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  /** Comes from a variable of the specification, whose mistakes are warned of and ignored. */
  readonly isForgiven: boolean;
  /** Gives way where it contradicts what is given elsewhere. */
  readonly yields: boolean;
}

/** Chosen values by key. */
export type ChosenByKey = ReadonlyMap<string, Chosen>;
