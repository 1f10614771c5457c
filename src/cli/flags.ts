/** Flags by name without dashes: text, true or false, or an array where one was repeated. */
export interface Flags {
  /** The words that are no flags. */
  readonly _: readonly (string | number)[];
  readonly [flag: string]: unknown;
}
