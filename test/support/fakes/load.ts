import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig, type LoadedConfig } from '../../../src/config/load-config.ts';

/** Sources of a test's configuration; `file` is the text of `--config t.yaml`. */
export interface Given {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly file?: string;
  /** Other files by path; all others are missing. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Loads a configuration without a process. */
export function load({ flags = {}, environment = {}, file, files = {} }: Given): LoadedConfig {
  const all = new Map(Object.entries({ ...files, ...(file !== undefined && { 't.yaml': file }) }));
  return loadConfig({
    flags: { ...(file !== undefined && { config: 't.yaml' }), ...flags },
    environment,
    readFile: (path) => {
      const text = all.get(path);
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return text;
    },
  });
}

/** The mistakes in a configuration that must not load. */
export function problemsOf(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the configuration loads');
}
