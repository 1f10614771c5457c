import { createSecureContext } from 'node:tls';
import type { EngineEndpoint, EngineTls } from './address.ts';
import { parseEngineAddress, shownUrl, tlsOptions } from './address.ts';
import { certificateNames, discoverEndpoint, readCertificate } from './discovery.ts';
import type { Surroundings } from './discovery.ts';

/** What the user says of the engines; everything may be left out. */
export interface EndpointSettings {
  readonly urls: readonly string[] | undefined;
  /** Files with PEM text, for every TCP endpoint. */
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Absent: true where a file is named, else as the variables or the context have it. */
  readonly verify: boolean | undefined;
}

/**
 * The engines to measure: those named, else the one that this machine's surroundings name.
 * Throws an Error that names the URL, variable or file at fault.
 */
export function engineEndpoints(settings: EndpointSettings, around: Surroundings): readonly EngineEndpoint[] {
  const at = { ...around, ...certificateFiles(settings) };
  const named = settings.urls ?? [];
  const endpoints =
    named.length > 0 ? [...new Set(named)].map((url) => byVariables(url, at)) : [discoverEndpoint(at)];
  return endpoints.map((endpoint) => {
    const secured = secure(endpoint, settings.verify, at);
    parseEngineAddress(secured);
    expectUsable(secured);
    return secured;
  });
}

function certificateFiles(settings: EndpointSettings): Pick<Surroundings, 'certificateFiles'> {
  const files = { ca: settings.caFile, cert: settings.certFile, key: settings.keyFile };
  const given = Object.entries(files).filter(([, file]) => file !== undefined);
  return given.length > 0 ? { certificateFiles: Object.fromEntries(given) } : {};
}

/** A named endpoint takes the certificates of the variables, as the Docker CLI's --host does. */
function byVariables(url: string, at: Surroundings): EngineEndpoint {
  const { DOCKER_CERT_PATH, DOCKER_TLS_VERIFY } = at.environment;
  return discoverEndpoint({ ...at, environment: { DOCKER_HOST: url, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY } });
}

/** Whoever names a file wants the engine verified by it, whatever the variables say. */
function secure(endpoint: EngineEndpoint, verify: boolean | undefined, at: Surroundings): EngineEndpoint {
  const { url } = endpoint;
  if (!/^(?:tcp|https):/.test(url)) return endpoint;
  // A context without certificates takes those of the variables.
  const { tls } = endpoint.tls ? endpoint : byVariables(url, at);
  if (at.certificateFiles) return { url, tls: { ...tls, ...readNamed(at), verify: verify ?? true } };
  if (tls) return { url, tls: { ...tls, verify: verify ?? tls.verify } };
  return verify === false && url.startsWith('https:') ? { url, tls: { verify } } : { url };
}

function readNamed(at: Surroundings): Omit<EngineTls, 'verify'> {
  const entries = certificateNames.flatMap((name) => {
    const file = at.certificateFiles?.[name];
    return file === undefined ? [] : [[name, readCertificate(at, file)] as const];
  });
  return Object.fromEntries(entries);
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
