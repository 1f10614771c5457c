import type { Config } from '../../config/settings/settings.ts';

/** Between the time-out of a probe and its end. */
const endMillis = 1000;

/** For commands that end: whoever waits for a probe's own end can say why it failed, not only that it takes long. */
export function patient(config: Config): Config {
  return { ...config, inlineTimeout: config.probeTimeout + endMillis };
}
