/** Every error in a configuration at once, so that one start shows all that has to be corrected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One line each: the name as the user wrote it, the value unless it is secret, what was expected. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = Object.freeze([...problems]);
  }
}

/** Collects the mistakes of several parts of a configuration, so that all of them are reported together. */
export class Mistakes {
  readonly #problems: string[] = [];

  /** The result of `make`; undefined when it threw a ConfigError, which is kept. Rethrows everything else. */
  collect<T>(make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#problems.push(...error.problems);
      return undefined;
    }
  }

  /** The collected mistakes as one error. */
  error(): ConfigError {
    return new ConfigError(this.#problems);
  }
}
