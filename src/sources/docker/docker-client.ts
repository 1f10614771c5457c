import { Agent, Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { OnReadOpts } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { Client } from 'ssh2';
import { KeepAliveClient } from '../http/keep-alive-client.ts';
import type { Answer } from '../http/keep-alive-client.ts';
import { SourceError, sourceErrorDuring } from '../source-error.ts';
import { connectEngine, parseEngineAddress, tlsOptions } from './address.ts';
import type { EngineAddress, EngineEndpoint } from './address.ts';
import { statusError } from './response.ts';

/** Largest answer that is read: a list of 10,000 containers with many labels is about 20 MB. */
const maxBodyBytes = 64 * 1024 * 1024;
/** A stats answer has 2 KiB; ten thousand devices make some megabytes of it. Many are under way at once. */
const maxContainerBytes = 8 * 1024 * 1024;
/** Sockets that control calls may hold; more wait. */
const maxControlSockets = 32;

/**
 * GETs from one engine: control calls by Node's HTTP client (unix, TCP, TLS, SSH, named pipes), calls of one container
 * over our own kept-alive connections, because they are nearly all of the traffic. Bodies are bounded, every call has a
 * deadline, no redirect is followed, and whatever goes wrong with a connection fails the call that uses it.
 */
export class DockerClient {
  readonly #address: EngineAddress;
  readonly #agent: HttpAgent;
  readonly #containers: KeepAliveClient | undefined;
  readonly #callTimeoutMillis: number;

  constructor(endpoint: EngineEndpoint, callTimeoutMillis: number) {
    const address = parseEngineAddress(endpoint);
    this.#address = address;
    this.#callTimeoutMillis = callTimeoutMillis;
    this.#agent = agentFor(address, endpoint);
    if (address.scheme === 'ssh') return;
    const connect = (reads: OnReadOpts) => connectEngine(address, endpoint.tls, reads);
    this.#containers = new KeepAliveClient({
      connect,
      host: hostHeader(address),
      maxBodyBytes: maxContainerBytes,
    });
  }

  /** A control call: version, info, list, disk usage. Throws SourceError. */
  async control(
    path: string,
    signal: AbortSignal,
    timeoutMillis: number = this.#callTimeoutMillis,
  ): Promise<Answer> {
    const abort = AbortSignal.any([signal, AbortSignal.timeout(timeoutMillis)]);
    try {
      return await answerOf(await this.#ask(path, abort), abort);
    } catch (error) {
      throw sourceErrorDuring(`GET ${path}`, abort.aborted ? abort.reason : error);
    }
  }

  /** A call of one container: inspect, stats. Throws SourceError. */
  async container(path: string, signal: AbortSignal): Promise<Answer> {
    if (!this.#containers) return this.control(path, signal);
    return this.#containers.get(this.#address.pathPrefix + path, this.#callTimeoutMillis, signal);
  }

  /** The text of an answer that does not end by itself; resolves when the engine begins it. Throws SourceError. */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException('', 'TimeoutError')), this.#callTimeoutMillis);
    const abort = AbortSignal.any([signal, late.signal]);
    try {
      const response = await this.#ask(path, abort);
      if (response.statusCode === 200) return response.setEncoding('utf8');
      throw statusError(await answerOf(response, abort), 'events');
    } catch (error) {
      throw sourceErrorDuring(`GET ${path}`, abort.aborted ? abort.reason : error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends every connection. */
  close(): void {
    this.#containers?.close();
    this.#agent.destroy();
  }

  /** The engine may close an idle connection at the moment we write: then nothing was answered, and we ask anew. */
  async #ask(path: string, abort: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#request(path, abort);
    } catch (error) {
      if (!wasClosed(error) || abort.aborted) throw error;
      // The other idle ones are as old, and may be known to be closed only later.
      for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy();
      return this.#request(path, abort);
    }
  }

  #request(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { scheme, socketPath, host, port, pathPrefix } = this.#address;
    const target = socketPath === undefined ? { host, port } : { socketPath };
    const options = {
      ...target,
      path: pathPrefix + path,
      headers: { host: hostHeader(this.#address) },
      agent: this.#agent,
      signal,
    };
    return new Promise((resolve, reject) => {
      const request = scheme === 'https' ? requestHttps(options) : requestHttp(options);
      request.on('response', (response) => {
        // An error that comes when nobody reads would end the process; who reads receives it all the same.
        response.on('error', () => undefined);
        resolve(response);
      });
      request.on('error', reject);
      // A response that switches protocols ends the request without an error.
      request.on('close', () => reject(new SourceError('bad-response', 'the connection was closed')));
      request.end();
    });
  }
}

function hostHeader({ host = 'docker', port, socketPath }: EngineAddress): string {
  if (socketPath !== undefined) return 'docker';
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function agentFor(address: EngineAddress, endpoint: EngineEndpoint): HttpAgent {
  const keepAlive = { keepAlive: true, maxSockets: maxControlSockets };
  if (address.scheme === 'ssh') return new SshAgent(address);
  return address.scheme === 'https'
    ? new HttpsAgent({ ...keepAlive, ...tlsOptions(endpoint.tls) })
    : new HttpAgent(keepAlive);
}

function wasClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}

async function answerOf(response: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const { location } = headers;
  return { status, text: await readBounded(response, signal), ...(location !== undefined && { location }) };
}

async function readBounded(stream: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const giveUp = (): unknown => stream.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > maxBodyBytes)
        throw new SourceError('too-large', `the answer is larger than ${maxBodyBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError('bad-response', 'the answer broke off in the middle', error);
  } finally {
    signal.removeEventListener('abort', giveUp);
    stream.destroy();
  }
  if (signal.aborted) throw new SourceError('aborted', 'given up');
  return Buffer.concat(chunks).toString();
}

/** The command with which the Docker CLI reaches an engine over SSH: it joins its input and output to the socket. */
const dialCommand = 'docker system dial-stdio';

/**
 * An HTTP agent whose connections go over SSH, each over a session of its own, authenticated by the user's SSH agent
 * (`SSH_AUTH_SOCK`). Errors of a session, then and later, arrive at the request that it was opened for.
 */
class SshAgent extends Agent {
  readonly #address: EngineAddress;
  readonly #clients = new Set<Client>();

  constructor(address: EngineAddress) {
    super({ keepAlive: false });
    this.#address = address;
  }

  override createConnection(
    _options: unknown,
    callback: (error: Error | null, stream: Duplex) => void = () => undefined,
  ): undefined {
    const failed = (cause: unknown): void => {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      // Node's agent takes no stream beside an error, whatever its type says.
      Reflect.apply(callback, undefined, [error]);
    };
    this.#dial().then((stream) => callback(null, stream), failed);
  }

  override destroy(): void {
    for (const client of this.#clients) client.end();
    super.destroy();
  }

  async #dial(): Promise<Duplex> {
    // Loaded for an engine behind SSH alone: it is large.
    const { default: ssh } = await import('ssh2');
    const client = new ssh.Client();
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    try {
      return await opened(client, this.#address);
    } catch (error) {
      client.end();
      throw error;
    }
  }
}

function opened(client: Client, { host, port, user }: EngineAddress): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let channel: Duplex | undefined;
    const failed = (error: Error): void => {
      channel?.destroy(error);
      reject(error);
    };
    client.on('error', failed);
    client.once('close', () => failed(new SourceError('unreachable', 'the SSH session was closed')));
    client.once('ready', () => {
      client.exec(dialCommand, (error, stream) => {
        if (error) return failed(error);
        channel = stream;
        stream.once('close', () => client.end());
        return resolve(stream);
      });
    });
    const agent = process.env['SSH_AUTH_SOCK'];
    client.connect({
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      ...(user !== undefined && { username: user }),
      ...(agent !== undefined && { agent }),
    });
  });
}
