import { ConfigError, Mistakes } from '../config/config-error.ts';
import type { Config } from '../config/settings/settings.ts';
import type { EntityOptions } from '../export/entity.ts';
import type { Log } from '../log.ts';
import { profiles } from '../metrics/catalogue.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import { shownUrl } from '../sources/docker/address.ts';
import type { EngineEndpoint } from '../sources/docker/address.ts';
import { engineEndpoints, hostContext } from '../sources/docker/discovery.ts';
import { attributeMappers } from './attributes.ts';
import { chosenMetrics } from './catalogue.ts';
import { selectionOf } from './selection.ts';
import type { Selection } from './selection.ts';

/** What a configuration says of the containers to measure and of what is shown of them. */
export interface ResolvedContainers {
  readonly config: Config;
  readonly catalogue: Catalogue;
  readonly entities: EntityOptions;
  /** One per runtime. */
  readonly endpoints: readonly EngineEndpoint[];
  readonly selection: Selection;
  /** Maps labels and environment to attributes: one mapper per runtime, all under one cardinality limit. */
  readonly createMapper: () => IdentityMapper;
}

/** Resolves a configuration for whoever measures. Throws a ConfigError with every mistake of its metrics and runtimes. */
export function resolveContainers(
  config: Config,
  { environment, log }: { readonly environment: NodeJS.ProcessEnv; readonly log: Log },
): ResolvedContainers {
  const mistakes = new Mistakes();
  const metrics = mistakes.collect(() => chosenMetrics(config));
  const endpoints = mistakes.collect(() => findEndpoints(config, environment));
  if (!metrics || !endpoints) throw mistakes.error();
  const { catalogue, resourceOf } = metrics;
  return {
    config,
    catalogue,
    entities: {
      containerIdLabel: config.containerIdLabel,
      runtimeLabel: endpoints.length > 1,
      resourceOf,
    },
    endpoints,
    selection: selectionOf(config),
    createMapper: attributeMappers(config, catalogue, log),
  };
}

/** The runtimes that a configuration names, or those found here. Throws a ConfigError that names what is wrong. */
function findEndpoints(config: Config, environment: NodeJS.ProcessEnv): readonly EngineEndpoint[] {
  const endpoints = orConfigError(() => engineEndpoints(endpointSettings(config), hostContext(environment)));
  const narrow = config.profile.find((name) => profiles[name].oneRuntimeOnly);
  if (narrow !== undefined && endpoints.length > 1) {
    const urls = endpoints.map(({ url }) => shownUrl(url)).join(', ');
    throw new ConfigError([
      `--profile ${narrow}: its names leave room for one runtime, but there are ${endpoints.length}: ${urls}`,
    ]);
  }
  return endpoints;
}

function endpointSettings(config: Config): Parameters<typeof engineEndpoints>[0] {
  return {
    urls: config.dockerUrl,
    caFile: config.dockerTlsCa,
    certFile: config.dockerTlsCert,
    keyFile: config.dockerTlsKey,
    verify: config.dockerTlsVerify,
  };
}

/** A mistake in what the environment or a context says of a runtime is a mistake of the configuration. */
function orConfigError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}
