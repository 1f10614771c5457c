/**
 * What a Collector's file has in the place of values: `$$` for `$`, `${env:NAME}`, `${NAME}`, each with `:-DEFAULT`, and
 * what other providers of the Collector give, `${file:PATH}`.
 */
const variable = /\$\$|\$\{(?:env:)?(?<name>[A-Za-z_]\w*)(?::-(?<otherwise>[^}]*))?\}|\$\{[^}]*\}/g;

/** Where a value comes from, and who hears of those that nobody has. */
export interface Variables {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @param path of the value in what is expanded. */
  readonly complain: (path: readonly string[], fault: string) => void;
}

/**
 * Puts the environment's values where a Collector's file names them, in every text but the keys.
 * @see https://opentelemetry.io/docs/collector/configuration/#environment-variables
 */
export function expandVariables(value: unknown, variables: Variables, path: readonly string[] = []): unknown {
  if (typeof value === 'string')
    return expandText(value, variables.environment, (fault) => variables.complain(path, fault));
  if (Array.isArray(value))
    return value.map((each, index) => expandVariables(each, variables, [...path, String(index)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, expandVariables(each, variables, [...path, key])]),
  );
}

function expandText(
  text: string,
  environment: Variables['environment'],
  complain: (fault: string) => void,
): string {
  return text.replaceAll(variable, (written: string, name?: string, otherwise?: string) => {
    if (written === '$$') return '$';
    const value = name === undefined ? undefined : (environment[name] ?? otherwise);
    if (value !== undefined) return value;
    complain(`${written}: ${name === undefined ? 'expected ${env:NAME}' : `the environment has no ${name}`}`);
    return written;
  });
}
