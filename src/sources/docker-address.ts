import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

/** Certificates of one endpoint, as PEM text. */
export interface EngineTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False: the server's certificate is not checked. */
  readonly verify: boolean;
}

/** Where an engine listens and how to get there. */
export interface EngineEndpoint {
  /** `unix://`, `npipe://`, `tcp://`, `http://`, `https://` or `ssh://`. */
  readonly url: string;
  readonly tls?: EngineTls;
}

/** An endpoint's URL taken apart. */
export interface EngineAddress {
  readonly scheme: 'unix' | 'http' | 'https' | 'ssh';
  /** Path of a unix socket or of a Windows pipe. */
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** Before every path, for engines behind a proxy: `/docker`. */
  readonly pathPrefix: string;
}

const defaultPorts = { http: 2375, https: 2376, ssh: 22 };

/** Takes an endpoint's URL apart. Throws an Error that names the URL and what was expected. */
export function parseEngineAddress(endpoint: EngineEndpoint): EngineAddress {
  const { url } = endpoint;
  const local = /^(?:unix|npipe):\/\/(.*)$/.exec(url)?.[1];
  if (local !== undefined) {
    if (local === '') throw new Error(`${url}: expected a path after //`);
    return { scheme: 'unix', socketPath: local, pathPrefix: '' };
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const scheme = parsed && schemeOf(parsed.protocol, endpoint.tls !== undefined);
  if (!parsed || !scheme || parsed.hostname === '') {
    throw new Error(
      `${url}: expected unix://PATH, npipe://PATH, tcp://HOST:PORT, http(s)://HOST:PORT or ssh://USER@HOST`,
    );
  }
  return {
    scheme,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? defaultPorts[scheme] : Number(parsed.port),
    ...(parsed.username !== '' && { user: decodeURIComponent(parsed.username) }),
    pathPrefix: parsed.pathname.replace(/\/+$/, ''),
  };
}

/** The URL as it may be shown: without a password. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/:@]*):[^@/]*@/, '$1@');
}

/** The TLS options of Node for an endpoint's certificates. */
export function tlsOptions(tls: EngineTls | undefined): ConnectionOptions {
  return {
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(tls?.cert !== undefined && { cert: tls.cert }),
    ...(tls?.key !== undefined && { key: tls.key }),
    rejectUnauthorized: tls?.verify ?? true,
  };
}

/** Opens a connection to the engine; errors arrive on the socket. */
export function connectEngine(address: EngineAddress, tls: EngineTls | undefined): Socket {
  if (address.socketPath !== undefined) return connectPlain({ path: address.socketPath });
  const { host = 'localhost', port = defaultPorts.http } = address;
  if (address.scheme === 'http') return connectPlain({ host, port });
  return connectTls({ host, port, servername: host, ...tlsOptions(tls) });
}

/** tcp:// means TLS as soon as certificates are given, as the Docker CLI has it. */
function schemeOf(protocol: string, hasTls: boolean): 'http' | 'https' | 'ssh' | undefined {
  if (protocol === 'ssh:') return 'ssh';
  if (protocol === 'https:') return 'https';
  if (protocol === 'http:') return 'http';
  if (protocol === 'tcp:') return hasTls ? 'https' : 'http';
  return undefined;
}
