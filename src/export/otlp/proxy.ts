import { BlockList, isIP } from 'node:net';

/** The proxy of a URL. */
export interface ProxyChoice {
  readonly proxy?: URL;
  /** Variables that are set and ignored, for a warning. */
  readonly ignored?: string;
}

/**
 * The proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name for a URL, as curl and Go read them; lower case goes first.
 * An entry of NO_PROXY is a name (with all below it), an address, a range (`10.0.0.0/8`, `10.0.0.1-10.0.0.9`) or `*`,
 * each with a port if wanted. A proxy without a scheme is one of HTTP.
 */
export function chooseProxy(url: URL, environment: NodeJS.ProcessEnv): ProxyChoice {
  const isSecure = url.protocol === 'https:';
  const variable = isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = valueOf(environment, variable);
  if (text === '') return {};
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const target = { host, port: url.port || (isSecure ? '443' : '80') };
  const exceptions = valueOf(environment, 'NO_PROXY')
    .toLowerCase()
    .split(/[\s,]+/);
  return exceptions.some((entry) => isException(entry, target)) ? {} : readProxy(variable, text);
}

function valueOf(environment: NodeJS.ProcessEnv, name: string): string {
  return (environment[name.toLowerCase()] ?? environment[name] ?? '').trim();
}

function readProxy(variable: string, text: string): ProxyChoice {
  const href = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(href)) return { ignored: `${variable} is not used: it is no URL` };
  const proxy = new URL(href);
  if (proxy.protocol === 'http:' || proxy.protocol === 'https:') return { proxy };
  return { ignored: `${variable} is not used: ${proxy.protocol}// is no proxy of HTTP` };
}

interface Target {
  readonly host: string;
  readonly port: string;
}

function isException(entry: string, { host, port }: Target): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const [, name = entry, onlyPort] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) > 0) return isWithin(bare, host);
  const domain = bare.replace(/^\*?\./, '');
  return host === domain || host.endsWith(`.${domain}`);
}

/** True when an address is the one of the entry, or in the entry's range. */
function isWithin(entry: string, address: string): boolean {
  const family = (text: string): 'ipv4' | 'ipv6' => (isIP(text) === 6 ? 'ipv6' : 'ipv4');
  const [first = '', bits] = entry.split('/');
  const [start = '', end = start] = first.split('-');
  // A BlockList takes an address of IPv4 for one in a range of IPv6, too.
  if (isIP(start) !== isIP(address) || isIP(start) !== isIP(end)) return false;
  const range = new BlockList();
  try {
    if (bits === undefined) range.addRange(start, end, family(start));
    else range.addSubnet(start, Number(bits), family(start));
  } catch {
    return false;
  }
  return range.check(address, family(address));
}
