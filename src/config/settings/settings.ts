import { isDeepStrictEqual } from 'node:util';
import { nameSettings, type Values } from './setting.ts';
import { agentSettings } from './agent.ts';
import { engineSettings } from './engine.ts';
import { exportSettings } from './export.ts';
import { otlpSettings } from './otlp.ts';
import { probeSettings } from './probe.ts';
import { prometheusSettings } from './prometheus.ts';
import { selectionSettings } from './containers.ts';

/** The one table of settings; flags, variables, the file, the help and the documents are made from it. */
export const settings = {
  ...engineSettings,
  ...selectionSettings,
  ...probeSettings,
  ...exportSettings,
  ...otlpSettings,
  ...prometheusSettings,
  ...agentSettings,
} as const;

/** The settled configuration: frozen, every value checked. */
export type Config = Values<typeof settings>;

/** The table as a list, each setting with all its names. */
export const namedSettings = nameSettings(settings);

/** Those that a command line can hold. */
export const flaggedSettings = namedSettings.filter(({ isFileOnly }) => !isFileOnly);

/** Types leave their own values unchanged, so values that all stay as they are must have come from them. */
export function isConfig(values: Readonly<Record<string, unknown>>): values is Config {
  return namedSettings.every(({ key, type }) => {
    const again = type.safeParse(values[key]);
    return again.success && isDeepStrictEqual(again.data, values[key]);
  });
}
