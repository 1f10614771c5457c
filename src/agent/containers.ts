import { AttributeMapper } from '../attributes/attribute-mapper.ts';
import { AttributeRules } from '../attributes/attribute-rules.ts';
import type { AttributeRule } from '../attributes/attribute-rules.ts';
import { CardinalityLimit } from '../attributes/cardinality-limit.ts';
import { presetAttributes, presetRules } from '../attributes/presets.ts';
import { identityKeys } from '../attributes/resource.ts';
import { ConfigError, Mistakes } from '../config/config-error.ts';
import { chooseProxy } from '../config/proxy-variables.ts';
import { compileExclusions } from '../config/receiver/excluded-images.ts';
import type { Config } from '../config/settings/settings.ts';
import { compileAttributeRule } from '../config/types/attribute-rule.ts';
import { compileRule } from '../config/types/selection-rule.ts';
import type { Selectable, SelectionRule } from '../config/types/selection-rule.ts';
import type { EntityOptions } from '../export/entity.ts';
import type { Log } from '../log.ts';
import { profiles } from '../metrics/catalogue.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import { prometheusLabel, shownLabels } from '../metrics/prometheus-names.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import { parseEngineAddress, shownUrl } from '../sources/docker/address.ts';
import type { EngineEndpoint } from '../sources/docker/address.ts';
import { engineEndpoints, hostContext } from '../sources/docker/discovery.ts';
import { chosenMetrics } from './catalogue.ts';
import { findKernelFiles } from './usage.ts';
import type { KernelFiles } from './usage.ts';

/** Runtimes, selection, metrics and attributes of a configuration, resolved. */
export interface ResolvedContainers {
  readonly config: Config;
  readonly catalogue: Catalogue;
  readonly entities: EntityOptions;
  /** One per runtime. */
  readonly endpoints: readonly EngineEndpoint[];
  /** Absent where usage is the runtime's alone. */
  readonly kernelFiles?: KernelFiles | undefined;
  readonly selection: Selection;
  /** Maps labels and environment to attributes: one mapper per runtime, all under one cardinality limit. */
  readonly createMapper: () => IdentityMapper;
}

/**
 * Resolves a configuration for measuring. Throws a ConfigError with every mistake of its metrics and runtimes.
 */
export function resolveContainers(
  config: Config,
  { environment, log }: { readonly environment: NodeJS.ProcessEnv; readonly log: Log },
): ResolvedContainers {
  const mistakes = new Mistakes();
  const metrics = mistakes.collect(() => chosenMetrics(config));
  const endpoints = mistakes.collect(() => findEndpoints(config, environment, log));
  const kernelFiles = mistakes.collect(() => ({ found: findKernelFiles(config) }));
  if (!metrics || !endpoints || !kernelFiles) throw mistakes.error();
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
    kernelFiles: kernelFiles.found,
    selection: selectionOf(config),
    createMapper: attributeMappers(config, catalogue, log),
  };
}

/** The runtimes that a configuration names, or those found here. Throws a ConfigError that names what is wrong. */
function findEndpoints(config: Config, environment: NodeJS.ProcessEnv, log: Log): readonly EngineEndpoint[] {
  const at = hostContext(environment, (message) => log.warn({}, message));
  const endpoints = orConfigError(() => engineEndpoints(endpointSettings(config), at));
  const narrow = config.profile.find((name) => profiles[name].oneRuntimeOnly);
  if (narrow !== undefined && endpoints.length > 1) {
    const urls = endpoints.map(({ url }) => shownUrl(url)).join(', ');
    throw new ConfigError([
      `--profile ${narrow}: its names leave room for one runtime, but there are ${endpoints.length}: ${urls}`,
    ]);
  }
  warnOfProxies(endpoints, environment, log);
  return endpoints;
}

/**
 * The docker command reaches `tcp://` and `https://` by the proxy of the variables, a loopback address excepted (Go's
 * `http.ProxyFromEnvironment`); we reach runtimes directly and say so where that differs.
 */
function warnOfProxies(endpoints: readonly EngineEndpoint[], environment: NodeJS.ProcessEnv, log: Log): void {
  const passed = endpoints.flatMap((endpoint) => {
    const { scheme, host = '', port } = parseEngineAddress(endpoint);
    if ((scheme !== 'http' && scheme !== 'https') || isLoopback.test(host)) return [];
    const url = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`);
    const { variable } = chooseProxy(url, environment);
    return variable === undefined ? [] : [{ variable, url: shownUrl(endpoint.url) }];
  });
  for (const [variable, those] of Map.groupBy(passed, (each) => each.variable)) {
    const urls = those.map(({ url }) => url).join(', ');
    log.warn({}, `${variable} is for exports alone: reached directly, without the proxy: ${urls}`);
  }
}

const isLoopback = /^(?:localhost|127\.[\d.]+|::1)$/i;

function endpointSettings(config: Config): Parameters<typeof engineEndpoints>[0] {
  return {
    urls: config.dockerUrl,
    caFile: config.dockerTlsCa,
    certFile: config.dockerTlsCert,
    keyFile: config.dockerTlsKey,
    verify: config.dockerTlsVerify,
  };
}

/** Turns a mistake in a runtime's environment or context into a ConfigError. */
function orConfigError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}

/** The conventions' names for a container's labels, and for the environment of its process. */
const prefixes = { label: 'container.label.', environment: 'process.environment_variable.' } as const;

/** Creates mappers of labels and environment: one for each runtime, under one cardinality limit for all. */
function attributeMappers(config: Config, catalogue: Catalogue, log: Log): () => IdentityMapper {
  const { attributeValueLimit: limit } = config;
  const presets = config.preset.filter((name) => name !== 'none');
  // The receiver's resource has the configured attributes and no more: its dashboards may not change by
  // themselves.
  const isReceiverAlone = config.profile.every((name) => name === 'docker_stats');
  const options = {
    rules: new AttributeRules(rulesOf(config), presetRules(isReceiverAlone ? [] : presets)),
    limit: new CardinalityLimit(limit, (attribute) =>
      log.warn({ attribute, limit }, 'attribute has too many values: further ones are left out'),
    ),
    labelsOf: shownLabels,
    reserved: reservedLabels(catalogue),
    hasImageVersion: presets.includes('oci'),
  };
  return () => new AttributeMapper(options);
}

function rulesOf(config: Config): AttributeRule[] {
  const { labelAttribute, labelPointAttribute, envAttribute, envPointAttribute } = config;
  return [
    ...compiled(labelAttribute, 'label', 'resource'),
    ...compiled(labelPointAttribute, 'label', 'point'),
    ...compiled(envAttribute, 'environment', 'resource'),
    ...compiled(envPointAttribute, 'environment', 'point'),
  ];
}

function compiled(
  rules: readonly string[] | undefined,
  from: AttributeRule['from'],
  to: AttributeRule['to'],
): AttributeRule[] {
  return (rules ?? []).map((rule) => ({ from, to, ...compileAttributeRule(rule, prefixes[from]) }));
}

/** Labels that are no attributes: of our identity, of a histogram's buckets, and of the scope in a Collector. */
const ownLabels = [
  'container_id',
  'container_runtime_endpoint',
  // Of the resource in profile `docker_stats`.
  'container_hostname',
  'container_runtime',
  'container_command_line',
  'le',
  'otel_scope_name',
  'otel_scope_version',
  'otel_scope_schema_url',
];

/**
 * The labels in Prometheus that no attribute made of labels or environment may have: those of the container's own
 * identity and of every metric. A Collector makes labels of a resource's attributes, too.
 */
export function reservedLabels({ containers }: Catalogue): Pick<ReadonlySet<string>, 'has'> {
  const free = new Set(presetAttributes);
  const ofMetrics = containers.flatMap(({ attributes }) => attributes.filter((key) => !free.has(key)));
  // Profile `cadvisor` has every label of a container on its points: `container_label_*`.
  const starts = ofMetrics.flatMap((key) => (key.endsWith('*') ? [key.slice(0, -1)] : []));
  const whole = new Set([...ownLabels, ...[...identityKeys, ...ofMetrics].map(prometheusLabel)]);
  return { has: (label) => whole.has(label) || starts.some((start) => label.startsWith(start)) };
}

/** The settings that decide which containers are measured. */
interface SelectionSettings {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly enableByDefault: boolean;
  readonly stoppedContainers: boolean;
  /** A receiver's block excludes images by rules of its own. */
  readonly dockerStats?: { readonly excluded_images?: readonly string[] | null | undefined } | undefined;
}

/** Decides which containers are measured and published. */
interface Selection {
  /** Some rule compares the image: where a runtime lists an id instead, the container is inspected. */
  readonly asksForImage: boolean;
  selects(container: Selectable): boolean;
}

/** By this label a container decides for itself. */
const enableLabel = 'tidegauge.enable';

/** States of containers that have no process, nor will have one soon by themselves. */
const stopped: ReadonlySet<string | undefined> = new Set(['created', 'exited', 'dead', 'removing']);

/**
 * Compiles a selection. A container is excluded by its label, by its state, or by any exclude rule; else it
 * needs a match among the includes of each kind that has some.
 */
export function selectionOf(settings: SelectionSettings): Selection {
  const excludes = [...(settings.exclude ?? []).map(compileRule), ...blockRules(settings)];
  const includes = [...Map.groupBy((settings.include ?? []).map(compileRule), ({ kind }) => kind).values()];
  return {
    asksForImage: [...excludes, ...includes.flat()].some(({ kind }) => kind === 'image'),
    selects: (container) =>
      isEnabled(container, settings.enableByDefault) &&
      (settings.stoppedContainers || !stopped.has(container.status)) &&
      !matchesAny(excludes, container) &&
      includes.every((ofOneKind) => matchesAny(ofOneKind, container)),
  };
}

function blockRules({ dockerStats }: SelectionSettings): SelectionRule[] {
  const items = dockerStats?.excluded_images ?? [];
  if (items.length === 0) return [];
  const isExcluded = compileExclusions(items);
  return [{ kind: 'image', matches: ({ image = '' }) => isExcluded(image) }];
}

/** Any other value than the two words is ignored. */
function isEnabled({ labels }: Selectable, byDefault: boolean): boolean {
  const value = labels?.[enableLabel];
  const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  if (word === 'true') return true;
  return word === 'false' ? false : byDefault;
}

function matchesAny(rules: readonly SelectionRule[], container: Selectable): boolean {
  return rules.some((rule) => rule.matches(container));
}
