import type { Chosen, ChosenByKey } from './candidate.ts';
import type { KnownValues } from './settings/setting.ts';
import { isConfig, settings, type Config } from './settings/settings.ts';

/** The whole configuration, and what had to be lowered for it. */
export interface Settled {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** Fills in defaults, first the constant ones, then those that follow from others, and keeps upper bounds. */
export function settle(chosen: ChosenByKey): Settled {
  const values = new Map([...chosen].map(([key, each]) => [key, givenOrConstant(each)]));
  const known = {
    interval: settings.interval.type.parse(values.get('interval')),
    resourceAttributes: settings.resourceAttributes.type.parse(values.get('resourceAttributes')),
  };
  for (const [key, each] of chosen) values.set(key, values.get(key) ?? derived(each, known));
  const warnings = [...chosen.values()].flatMap((each) => keepBound(each, chosen, values));
  if (values.get('verbose') === true && values.get('logLevel') !== 'trace') values.set('logLevel', 'debug');
  const config = Object.freeze(Object.fromEntries(values));
  if (!isConfig(config)) throw new TypeError('a default does not pass the type of its own setting');
  return { config, warnings };
}

function givenOrConstant({ setting, values }: Chosen): unknown {
  const byDefault = typeof setting.default === 'string' ? setting.type.parse(setting.default) : undefined;
  if (values.length === 0) return byDefault;
  if (!setting.combined) return values[0];
  const completed: unknown = Object.assign({}, byDefault, ...values.toReversed());
  return setting.type.parse(completed);
}

function derived({ setting }: Chosen, known: KnownValues): unknown {
  return typeof setting.default === 'function' ? setting.type.parse(setting.default(known)) : undefined;
}

/** Defaults are lowered silently: nobody asked for them. One that is worked out of others has regarded them already. */
function keepBound({ setting, names }: Chosen, chosen: ChosenByKey, values: Map<string, unknown>): string[] {
  if (names.length === 0 && typeof setting.default === 'function') return [];
  const upper = chosen.get(setting.atMost ?? '')?.setting;
  const value = values.get(setting.key);
  const bound = upper && values.get(upper.key);
  if (typeof value !== 'number' || typeof bound !== 'number' || value <= bound) return [];
  values.set(setting.key, bound);
  return names.map((name) => `${name} ${value}ms: lowered to --${upper?.flag}, ${bound}ms`);
}
