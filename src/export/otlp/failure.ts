// One piece, because every reason of a failed export is worded here, for the log and for `check` alike.
import type { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';

/** A request that did not succeed. */
export interface OtlpFailure {
  /** `retryable`: the same bytes may be taken later. `refused`: they never will be. */
  readonly status: 'retryable' | 'refused';
  /** A class of low cardinality: the HTTP status, the errno, `timeout`, else the error's name. */
  readonly error: string;
  /** A sentence: what happened, in the collector's own words where it had some, and what helps. */
  readonly reason: string;
  /** The host and port that were tried; `proxy HOST:PORT` where it was a proxy's. */
  readonly address: string;
  /** The pause of the collector's `Retry-After`. */
  readonly retryAfterMillis?: number;
  /** The request's content or size is refused: others may pass. */
  readonly concernsRequest: boolean;
}

/** The proxy on the way to a collector, as the user's variables have it; empty when there is none. */
export interface OtlpProxy {
  readonly proxy?: URL;
  /** Why a proxy that is named is not used: a sentence for the reason of a failure. */
  readonly ignored?: string;
}

/** Target of a request. */
export interface OtlpTarget {
  readonly url: URL;
  readonly proxy: OtlpProxy;
}

/** A response that is no success. */
export interface Refusal {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: IncomingHttpHeaders;
  /** Its beginning. */
  readonly body: Buffer;
}

/** Longer words of a collector are cut. */
const maxWords = 300;

const otlpPort = 'OTLP/HTTP is usually on port 4318';

const retryableStatuses = new Set([429, 502, 503, 504]);

/** The stock exporter's, and those of a response that breaks off. */
const retryableCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** Hints for statuses; other statuses explain themselves. */
const hints: Readonly<Record<number, string>> = {
  401: 'it wants other credentials',
  403: 'it wants other credentials',
  404: 'is this the OTLP/HTTP port (usually 4318)?',
  405: 'is this the OTLP/HTTP port (usually 4318)?',
  407: 'the proxy wants credentials: http://USER:PASSWORD@HOST',
};

/** The failure of a response whose status is no success. */
export function statusFailure(refusal: Refusal, target: OtlpTarget): OtlpFailure {
  const { statusCode, headers } = refusal;
  const isRetryable = retryableStatuses.has(statusCode);
  const retryAfterMillis = isRetryable ? retryAfter(headers['retry-after']) : undefined;
  return {
    status: isRetryable ? 'retryable' : 'refused',
    error: String(statusCode),
    reason: statusReason(refusal, target.url),
    address: addressOf(target),
    ...(retryAfterMillis !== undefined && { retryAfterMillis }),
    concernsRequest: statusCode === 400 || statusCode === 413,
  };
}

function statusReason({ statusCode, statusMessage, headers, body }: Refusal, { pathname }: URL): string {
  const words = wordsOf(body, headers['content-type']);
  const isTwice = statusCode === 404 && /\/v1\/(\w+)\/v1\/\1$/.test(pathname);
  const location = statusCode >= 300 && statusCode <= 399 ? headers.location : undefined;
  const hint = isTwice
    ? `the path ${pathname} has /v1/… twice`
    : (hints[statusCode] ?? (location && `redirects are not followed: ${shortened(location)}`));
  const said = [words ?? (hint === undefined ? statusMessage : ''), hint ?? ''];
  return [`answers ${statusCode}`, said.filter((part) => part !== '').join('; ')]
    .filter((part) => part !== '')
    .join(': ');
}

/** Seconds or a date; undefined for neither. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const millis = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(millis) ? undefined : Math.max(0, millis);
}

/** The failure of a request that got no response. */
export function networkFailure(error: Error, target: OtlpTarget): OtlpFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    status: code !== undefined && retryableCodes.has(code) ? 'retryable' : 'refused',
    error: code ?? error.name,
    reason: networkReason(error, code, target),
    address: addressOf(target, error),
    concernsRequest: false,
  };
}

/** The failure of a request, or of an export, that could not be written as bytes. */
export function encodingFailure(thrown: unknown): OtlpFailure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const reason = `cannot be encoded: ${shortened(error.message)}`;
  return { status: 'refused', error: error.name, reason, address: '', concernsRequest: false };
}

/** The failure of a request that had no time left. */
export function timeoutFailure(target: OtlpTarget, reason: string): OtlpFailure {
  return {
    status: 'retryable',
    error: 'timeout',
    reason: withHints(`timeout: ${reason}`, undefined, target),
    address: addressOf(target),
    concernsRequest: false,
  };
}

function networkReason(error: Error, code: string | undefined, target: OtlpTarget): string {
  if (isHttp2(error)) return `answers in HTTP/2, as a gRPC port does: ${otlpPort}`;
  if (code?.startsWith('HPE_')) return `answers with what is no HTTP/1.1 (${error.message}): ${otlpPort}`;
  if (code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
    return `speaks no HTTP/1.1 over TLS, as a gRPC port does not: ${otlpPort}`;
  if (/wrong version number|packet length too long/.test(error.message))
    return 'speaks no TLS: is it http:// instead of https://?';
  // A host with several addresses fails with an error of each.
  const each = error instanceof AggregateError ? error.errors : [error];
  const messages = each.map((one: unknown) => (one instanceof Error ? one.message : String(one)));
  return withHints(shortened(messages.join('; ')) || (code ?? error.name), code, target);
}

/** Adds a hint where the message itself has none. */
function withHints(message: string, code: string | undefined, { url, proxy }: OtlpTarget): string {
  const isAway = code === 'ECONNREFUSED' || code === 'ENOTFOUND';
  return [
    // A tunnel that fails names the proxy itself.
    ...(proxy.proxy && code !== 'ERR_PROXY_TUNNEL'
      ? [`by the proxy ${shownProxy(proxy.proxy)}: ${message}`]
      : [message]),
    ...(url.port === '4317' && !isAway ? [`4317 is gRPC's port, ${otlpPort}`] : []),
    ...(proxy.ignored === undefined ? [] : [proxy.ignored]),
  ].join('; ');
}

/** A frame of settings is how HTTP/2 begins: its type stands after three bytes of length. */
function isHttp2(error: Error): boolean {
  const packet = 'rawPacket' in error ? error.rawPacket : undefined;
  if (!(packet instanceof Uint8Array) || packet.length < 9) return false;
  return packet[3] === 4 && packet.subarray(5, 9).every((byte) => byte === 0);
}

/** The address of the last attempt, else what the URL or the proxy's names. */
function addressOf({ url, proxy: { proxy } }: OtlpTarget, error?: Error): string {
  const failed: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  const tried = failed instanceof Error ? triedAddress(failed) : undefined;
  if (proxy) return `proxy ${tried ?? hostAndPort(proxy)}`;
  return tried ?? hostAndPort(url);
}

function triedAddress(error: Error): string | undefined {
  if (!('address' in error && 'port' in error) || typeof error.address !== 'string') return undefined;
  const host = error.address.includes(':') ? `[${error.address}]` : error.address;
  return `${host}:${String(error.port)}`;
}

function hostAndPort({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

/** Without the credentials that may stand before the host. */
function shownProxy({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** The message in the body of a refusal: google.rpc.Status as protobuf or JSON, or text. */
function wordsOf(body: Buffer, contentType = ''): string | undefined {
  const text = /protobuf/i.test(contentType) ? (statusMessageOf(body) ?? body.toString()) : body.toString();
  const words = shortened(jsonMessage(text) ?? pageTitle(text) ?? text);
  return words === '' ? undefined : words;
}

/** The message of a JSON body, under the names that collectors and vendors have for it. */
function jsonMessage(text: string): string | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return messageIn(parsed) ?? messageIn(memberOf(parsed, 'error')) ?? messageIn(memberOf(parsed, 'errors'));
  } catch {
    return undefined;
  }
}

function messageIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return messageIn(value[0]);
  const names = ['message', 'error', 'detail', 'error_description', 'reason'];
  return names.map((name) => memberOf(value, name)).find((found) => typeof found === 'string');
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The title of a proxy's or a gateway's HTML page, which has the essential. */
function pageTitle(text: string): string | undefined {
  return /^\s*</.test(text) ? /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1] : undefined;
}

/** The message, field 2, of a protobuf google.rpc.Status; undefined for what is none. */
function statusMessageOf(body: Buffer): string | undefined {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < body.length; shift *= 128) {
      const byte = body[at++] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (at < body.length) {
    const tag = varint();
    if (tag === 8) varint();
    else if (tag === 18) {
      const length = varint();
      // A message that was cut off is still worth showing.
      return Number.isNaN(length) ? undefined : body.subarray(at, at + length).toString();
    } else return undefined;
  }
  return undefined;
}

/** One line of a bounded length. */
function shortened(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > maxWords ? `${line.slice(0, maxWords).toWellFormed()}…` : line;
}
