/** Every mistake found in the configuration at once: nobody corrects one, starts again and meets the next. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One line each: the name as the user wrote it, the value unless it is secret, what was expected. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = Object.freeze([...problems]);
  }
}
