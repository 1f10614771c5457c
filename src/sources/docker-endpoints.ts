import { createSecureContext } from 'node:tls';
import type { EngineEndpoint, EngineTls } from './docker-address.ts';
import { parseEngineAddress, shownUrl, tlsOptions } from './docker-address.ts';
import { discoverEndpoint, readCertificate } from './docker-endpoint.ts';
import type { Surroundings } from './docker-endpoint.ts';

/** What the user says of the engines; everything may be left out. */
export interface EndpointSettings {
  readonly urls: readonly string[] | undefined;
  /** Files with PEM text, for every TCP endpoint. */
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly verify: boolean;
}

/**
 * The engines to measure: those named, else the one that this machine's surroundings name.
 * Throws an Error that names the URL, variable or file at fault.
 */
export function engineEndpoints(settings: EndpointSettings, at: Surroundings): readonly EngineEndpoint[] {
  const tls = namedCertificates(settings, at);
  const named = settings.urls ?? [];
  const endpoints = named.length > 0 ? [...new Set(named)].map((url) => ({ url })) : [discoverEndpoint(at)];
  return endpoints.map((endpoint: EngineEndpoint) => {
    const isRemote = /^(?:tcp|https):/.test(endpoint.url);
    const secured = isRemote && tls ? { ...endpoint, tls } : withSurroundings(endpoint, settings, at);
    parseEngineAddress(secured);
    expectUsable(secured);
    return secured;
  });
}

/** What is no certificate, or no key for it, is found now and not at the first connection. */
function expectUsable({ url, tls }: EngineEndpoint): void {
  try {
    if (tls) createSecureContext(tlsOptions(tls));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`certificates for ${shownUrl(url)} cannot be used: ${reason}`, { cause });
  }
}

/** A named tcp:// endpoint takes the certificates of the variables, as the Docker CLI's --host does. */
function withSurroundings(
  endpoint: EngineEndpoint,
  settings: EndpointSettings,
  at: Surroundings,
): EngineEndpoint {
  const isRemote = /^(?:tcp|https):/.test(endpoint.url);
  if (!isRemote || endpoint.tls) return endpoint;
  const { DOCKER_CERT_PATH: directory, DOCKER_TLS_VERIFY: verify } = at.environment;
  if (!directory && !verify) {
    const isUnverified = !settings.verify && endpoint.url.startsWith('https:');
    return isUnverified ? { ...endpoint, tls: { verify: false } } : endpoint;
  }
  const environment = { DOCKER_HOST: endpoint.url, DOCKER_CERT_PATH: directory, DOCKER_TLS_VERIFY: verify };
  return discoverEndpoint({ ...at, environment });
}

function namedCertificates(settings: EndpointSettings, at: Surroundings): EngineTls | undefined {
  const { caFile, certFile, keyFile, verify } = settings;
  if (caFile === undefined && certFile === undefined && keyFile === undefined) return undefined;
  return {
    ...(caFile !== undefined && { ca: readCertificate(at, caFile) }),
    ...(certFile !== undefined && { cert: readCertificate(at, certFile) }),
    ...(keyFile !== undefined && { key: readCertificate(at, keyFile) }),
    verify,
  };
}
