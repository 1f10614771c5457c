// One piece, because the ways to find an engine are tried in one order, which is the Docker CLI's.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { objectOf, textOf } from '../json.ts';
import { parseEngineAddress, shownUrl } from './address.ts';
import type { EngineEndpoint, EngineTls } from './address.ts';
import { tlsOptions } from './connections.ts';

/** By the names of their files in a directory laid out as `DOCKER_CERT_PATH`, without `.pem`. */
export const certificateNames = ['ca', 'cert', 'key'] as const;

/** Files of PEM text. */
export type CertificateFiles = Readonly<Partial<Record<(typeof certificateNames)[number], string>>>;

/** Inputs of discovery; a test gives its own. */
export interface DiscoveryContext {
  /** Files of the settings, which come before those found here; absent: none. */
  readonly certificateFiles?: CertificateFiles;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly userId: number | undefined;
  readonly platform: NodeJS.Platform;
  exists(path: string): boolean;
  /** Throws when the file cannot be read. */
  readText(path: string): string;
  /** Receives what is wrong and does not matter enough to end the search. */
  warn?(message: string): void;
}

/** One way to find the engine; undefined when it does not apply. */
type Strategy = (at: DiscoveryContext) => EngineEndpoint | undefined;

/** Tried in this order, as by the Docker CLI; sockets that it does not try come after its own ways. */
const strategies: readonly Strategy[] = [fromDockerHost, fromContext, fromUserSocket, fromSystemSocket];

/** The engine of this machine and user. Throws an Error that names the file or variable at fault. */
export function discoverEndpoint(at: DiscoveryContext): EngineEndpoint {
  for (const strategy of strategies) {
    const endpoint = strategy(at);
    if (endpoint) return endpoint;
  }
  return { url: at.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock' };
}

/** The inputs of discovery on this host. */
export function hostContext(
  environment: DiscoveryContext['environment'],
  warn: (message: string) => void = () => undefined,
): DiscoveryContext {
  return {
    environment,
    warn,
    home: homedir(),
    userId: process.getuid?.(),
    platform: process.platform,
    exists: existsSync,
    readText: (path) => readFileSync(path, 'utf8'),
  };
}

/**
 * The certificates in a directory laid out as `DOCKER_CERT_PATH`, without those that the user names otherwise. One that
 * is missing is an error where all are expected.
 */
function certificatesIn(
  at: DiscoveryContext,
  directory: string,
  { areExpected }: { readonly areExpected: boolean },
): Omit<EngineTls, 'verify'> {
  const entries = certificateNames
    .filter((name) => at.certificateFiles?.[name] === undefined)
    .map((name) => ({ name, path: join(directory, `${name}.pem`) }))
    .filter(({ path }) => areExpected || at.exists(path))
    .map(({ name, path }) => [name, readCertificate(at, path)] as const);
  return Object.fromEntries(entries);
}

/** PEM text. Throws an Error that names the file. */
function readCertificate(at: DiscoveryContext, path: string): string {
  try {
    return at.readText(path);
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    throw new Error(`certificate ${path} cannot be read${reason}`, { cause });
  }
}

function fromDockerHost(at: DiscoveryContext): EngineEndpoint | undefined {
  const { DOCKER_HOST: host, DOCKER_CERT_PATH: directory, DOCKER_TLS_VERIFY: verify } = at.environment;
  if (!host) return undefined;
  const url = host.includes('://') ? host : `tcp://${host}`;
  if (!url.startsWith('tcp://') && !url.startsWith('https://')) return { url };
  if (!verify && !directory) return { url };
  // Beside files that the user names, those of the directory only complete them.
  const areExpected = at.certificateFiles === undefined;
  const certificates = certificatesIn(at, directory || join(at.home, '.docker'), { areExpected });
  return { url, tls: { ...certificates, verify: Boolean(verify) } };
}

/** `docker context use`: metadata lies under the SHA-256 of the context's name. */
function fromContext(at: DiscoveryContext): EngineEndpoint | undefined {
  const root = at.environment['DOCKER_CONFIG'] || join(at.home, '.docker');
  const chosen = at.environment['DOCKER_CONTEXT'] || currentContext(at, join(root, 'config.json'));
  const name = textOf(chosen);
  return name === undefined || name === 'default' ? undefined : contextEndpoint(at, root, name);
}

/** As the Docker CLI: a configuration that cannot be read, as `sudo docker login` leaves it, is as if there were none. */
function currentContext(at: DiscoveryContext, path: string): unknown {
  try {
    return jsonIn(at, path)?.['currentContext'];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    at.warn?.(`${reason}; a Docker context that it may name is not used`);
    return undefined;
  }
}

function contextEndpoint(at: DiscoveryContext, root: string, name: string): EngineEndpoint {
  const digest = createHash('sha256').update(name).digest('hex');
  const meta = jsonIn(at, join(root, 'contexts', 'meta', digest, 'meta.json'));
  const docker = objectOf(objectOf(meta?.['Endpoints'])?.['docker']);
  const url = textOf(docker?.['Host']);
  if (!url)
    throw new Error(`Docker context "${name}": no endpoint in ${join(root, 'contexts', 'meta', digest)}`);
  const skipsVerify = docker?.['SkipTLSVerify'] === true;
  // A context may come with the authority alone, with all three files, or with none.
  const directory = join(root, 'contexts', 'tls', digest, 'docker');
  const certificates = certificatesIn(at, directory, { areExpected: false });
  const isSecured = skipsVerify || Object.keys(certificates).length > 0;
  return isSecured ? { url, tls: { ...certificates, verify: !skipsVerify } } : { url };
}

/** Rootless Docker, Docker Desktop and rootless Podman. */
function fromUserSocket(at: DiscoveryContext): EngineEndpoint | undefined {
  const runtime =
    at.environment['XDG_RUNTIME_DIR'] || (at.userId === undefined ? undefined : `/run/user/${at.userId}`);
  const paths = [
    ...(runtime ? [join(runtime, 'docker.sock')] : []),
    join(at.home, '.docker', 'run', 'docker.sock'),
    ...(runtime ? [join(runtime, 'podman', 'podman.sock')] : []),
  ];
  return firstSocket(at, paths);
}

/** The system's own sockets; Docker's before Podman's, for hosts that have both. */
function fromSystemSocket(at: DiscoveryContext): EngineEndpoint | undefined {
  return firstSocket(at, ['/var/run/docker.sock', '/run/docker.sock', '/run/podman/podman.sock']);
}

function firstSocket(at: DiscoveryContext, paths: readonly string[]): EngineEndpoint | undefined {
  const path = paths.find((candidate) => at.exists(candidate));
  return path === undefined ? undefined : { url: `unix://${path}` };
}

/** Undefined for a file that is not there. Throws an Error that names the file. */
function jsonIn(at: DiscoveryContext, path: string): ReturnType<typeof objectOf> {
  const text = textIn(at, path);
  if (text === undefined) return undefined;
  try {
    return objectOf(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is not readable JSON`, { cause });
  }
}

/** Not by asking whether it exists: of a file in a closed directory that says no. */
function textIn(at: DiscoveryContext, path: string): string | undefined {
  try {
    return at.readText(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Error(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Settings of the engines; all are optional. */
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
 * The engines to measure: those of the settings, else the discovered one. Throws an Error that names the URL,
 * variable or file at fault.
 */
export function engineEndpoints(
  settings: EndpointSettings,
  around: DiscoveryContext,
): readonly EngineEndpoint[] {
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

function certificateFiles(settings: EndpointSettings): Pick<DiscoveryContext, 'certificateFiles'> {
  const files = { ca: settings.caFile, cert: settings.certFile, key: settings.keyFile };
  const given = Object.entries(files).filter(([, file]) => file !== undefined);
  return given.length > 0 ? { certificateFiles: Object.fromEntries(given) } : {};
}

/** A named endpoint takes the certificates of the variables, as the Docker CLI's --host does. */
function byVariables(url: string, at: DiscoveryContext): EngineEndpoint {
  const { DOCKER_CERT_PATH, DOCKER_TLS_VERIFY } = at.environment;
  return discoverEndpoint({ ...at, environment: { DOCKER_HOST: url, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY } });
}

/** A file in the settings turns verification on, even against the variables. */
function secure(endpoint: EngineEndpoint, verify: boolean | undefined, at: DiscoveryContext): EngineEndpoint {
  const { url } = endpoint;
  if (!/^(?:tcp|https):/.test(url)) return endpoint;
  // A context without certificates takes those of the variables.
  const { tls } = endpoint.tls ? endpoint : byVariables(url, at);
  if (at.certificateFiles) return { url, tls: { ...tls, ...readNamed(at), verify: verify ?? true } };
  if (tls) return { url, tls: { ...tls, verify: verify ?? tls.verify } };
  return verify === false && url.startsWith('https:') ? { url, tls: { verify } } : { url };
}

function readNamed(at: DiscoveryContext): Omit<EngineTls, 'verify'> {
  const entries = certificateNames.flatMap((name) => {
    const file = at.certificateFiles?.[name];
    return file === undefined ? [] : [[name, readCertificate(at, file)] as const];
  });
  return Object.fromEntries(entries);
}

/** Throws now, and not at the first connection, for a file that is no certificate or no key for it. */
function expectUsable({ url, tls }: EngineEndpoint): void {
  try {
    if (tls) createSecureContext(tlsOptions(tls));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`certificates for ${shownUrl(url)} cannot be used: ${reason}`, { cause });
  }
}
