import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Variables that name proxies and exceptions; each is read in lower case, too. */
export const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'] as const;

/** What the variables say of a URL. */
export interface ProxyChoice {
  /** Name of the variable that decides; absent when none does. */
  readonly variable?: string;
  readonly proxy?: URL;
  /** Why the variable's value is not used: a sentence that names the variable and not its value. */
  readonly ignored?: string;
}

/**
 * The proxy that the variables name for a URL, by the rules that curl and Go share, and by curl's where they differ: a
 * loopback address is no exception, ALL_PROXY stands in for the scheme's own variable, `.name` in NO_PROXY is the name,
 * too. An entry of NO_PROXY is a name (with all below it), an address, a range (`10.0.0.0/8`, `10.0.0.1-10.0.0.9`) or
 * `*`, names and addresses with a port if wanted. A proxy without a scheme is one of HTTP.
 */
export function chooseProxy(url: URL, environment: NodeJS.ProcessEnv): ProxyChoice {
  const isSecure = url.protocol === 'https:';
  const variable =
    nameOfSet(environment, isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY') ?? nameOfSet(environment, 'ALL_PROXY');
  if (variable === undefined) return {};
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const target = { host, port: url.port || (isSecure ? '443' : '80') };
  const exceptions = valueOf(environment, nameOfSet(environment, 'NO_PROXY'))
    .toLowerCase()
    .split(/[\s,]+/);
  if (exceptions.some((entry) => isException(entry, target))) return {};
  return { variable, ...readProxy(variable, valueOf(environment, variable)) };
}

/** The variable by the name under which it has a value, lower case first; an empty one is as if it were not set. */
function nameOfSet(
  environment: NodeJS.ProcessEnv,
  name: (typeof proxyVariables)[number],
): string | undefined {
  return [name.toLowerCase(), name].find((each) => valueOf(environment, each) !== '');
}

function valueOf(environment: NodeJS.ProcessEnv, name: string | undefined): string {
  return (name === undefined ? undefined : environment[name])?.trim() ?? '';
}

function readProxy(variable: string, text: string): Omit<ProxyChoice, 'variable'> {
  const href = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(href)) return { ignored: `${variable} is not used: it is no URL` };
  const proxy = new URL(href);
  if (proxy.protocol === 'http:' || proxy.protocol === 'https:') return { proxy };
  return {
    ignored: `${variable} is not used: its scheme is ${proxy.protocol}//, and only http:// and https:// are possible`,
  };
}

interface Target {
  readonly host: string;
  readonly port: string;
}

function isException(entry: string, { host, port }: Target): boolean {
  if (entry === '*') return true;
  const [, name = entry, onlyPort] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const bare = name.replace(/^\[([^\]]*)\]/, '$1');
  return isIP(host) > 0 ? isWithin(bare, host) : isBelow(bare, host);
}

/** True when a host is the name of the entry, or below it. */
function isBelow(entry: string, host: string): boolean {
  const domain = entry.replace(/^\*?\./, '').replace(/\.$/, '');
  // The host of a URL is in ASCII, whatever the user wrote.
  const ascii = domainToASCII(domain) || domain;
  return ascii !== '' && (host === ascii || host.endsWith(`.${ascii}`));
}

/** True when an address is the one of the entry, or in the entry's range. */
function isWithin(entry: string, address: string): boolean {
  const family = (text: string): 'ipv4' | 'ipv6' => (isIP(text) === 6 ? 'ipv6' : 'ipv4');
  const [first = '', bits] = entry.split('/');
  const [start = '', end = start] = first.split('-');
  // A BlockList takes an address of IPv4 for one in a range of IPv6, too.
  if (isIP(start) !== isIP(address) || isIP(start) !== isIP(end)) return false;
  // No number of bits is no range of all addresses.
  if (bits !== undefined && !/^\d+$/.test(bits)) return false;
  const range = new BlockList();
  try {
    if (bits === undefined) range.addRange(start, end, family(start));
    else range.addSubnet(start, Number(bits), family(start));
  } catch {
    return false;
  }
  return range.check(address, family(address));
}
