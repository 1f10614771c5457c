/** Certificates of one endpoint, as PEM text. */
export interface EngineTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False: the server's certificate is not checked. */
  readonly verify: boolean;
}

/** Address of an engine, with its credentials. */
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

/** Ports of an engine whose URL names none. */
export const defaultPorts = { http: 2375, https: 2376, ssh: 22 };

/** Takes an endpoint's URL apart. Throws an Error that names the URL and what was expected. */
export function parseEngineAddress(endpoint: EngineEndpoint): EngineAddress {
  const { url } = endpoint;
  const local = /^(?:unix|npipe):\/\/(.*)$/.exec(url)?.[1];
  if (local !== undefined) {
    if (local === '') throw new Error(`${url}: expected a path after //`);
    return { scheme: 'unix', socketPath: local, pathPrefix: '' };
  }
  const remote = URL.canParse(url) ? remoteAddress(new URL(url), endpoint) : undefined;
  if (remote) return remote;
  throw new Error(
    `${shownUrl(url)}: expected unix://PATH, npipe://PATH, tcp://HOST:PORT, http(s)://HOST:PORT or ssh://USER@HOST`,
  );
}

function remoteAddress(parsed: URL, { url, tls }: EngineEndpoint): EngineAddress | undefined {
  const scheme = schemeOf(parsed.protocol, tls !== undefined);
  const user = decoded(parsed.username);
  if (!scheme || parsed.hostname === '' || user === undefined) return undefined;
  return {
    scheme,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: portIn(url) ?? defaultPorts[scheme],
    ...(user !== '' && { user }),
    pathPrefix: parsed.pathname.replace(/\/+$/, ''),
  };
}

/** As written: `URL` leaves out port 80 of http and 443 of https, which are not an engine's defaults. */
function portIn(url: string): number | undefined {
  const port = /^[^/]*\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(url)?.[1];
  return port === undefined ? undefined : Number(port);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that begins no escape: the caller's error names the whole URL.
    return undefined;
  }
}

/** The URL as it may be shown: without a password. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/:@]*):.*@/, '$1@');
}

/** tcp:// means TLS as soon as certificates are given, as the Docker CLI has it. */
function schemeOf(protocol: string, hasTls: boolean): 'http' | 'https' | 'ssh' | undefined {
  if (protocol === 'ssh:') return 'ssh';
  if (protocol === 'https:') return 'https';
  if (protocol === 'http:') return 'http';
  if (protocol === 'tcp:') return hasTls ? 'https' : 'http';
  return undefined;
}
