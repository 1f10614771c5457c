import type { Clock } from '../clock.ts';
import { Mistakes } from '../config/config-error.ts';
import type { Config } from '../config/settings/settings.ts';
import type { Log } from '../log.ts';
import { resolveContainers } from './containers.ts';
import type { ResolvedContainers } from './containers.ts';
import { resolveExports } from './exports.ts';
import type { ResolvedExports } from './exports.ts';

/** Dependencies of an agent, or of a command that does part of its work, beside the configuration. */
export interface AgentDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
}

/** A configuration whose names, files and addresses have been resolved, once. */
export interface ResolvedConfig {
  readonly containers: ResolvedContainers;
  readonly exports: ResolvedExports;
}

/** Resolves a configuration for an agent. Throws a ConfigError with every mistake of every part. */
export function resolveConfig(config: Config, dependencies: AgentDependencies): ResolvedConfig {
  const mistakes = new Mistakes();
  const containers = mistakes.collect(() => resolveContainers(config, dependencies));
  const exports = mistakes.collect(() => resolveExports(config, dependencies));
  if (!containers || !exports) throw mistakes.error();
  return { containers, exports };
}
