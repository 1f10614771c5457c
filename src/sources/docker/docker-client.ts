import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { OnReadOpts } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { connectEngine, parseEngineAddress, tlsOptions } from './address.ts';
import type { EngineAddress, EngineEndpoint } from './address.ts';
import { KeepAliveClient } from '../http/keep-alive-client.ts';
import type { Answer } from '../http/keep-alive-client.ts';
import { SourceError, sourceErrorDuring } from '../source-error.ts';

/** Largest answer that is read: a list of 10,000 containers with many labels is about 20 MB. */
const maxBodyBytes = 64 * 1024 * 1024;
/** A stats answer has 2 KiB; ten thousand devices make some megabytes of it. Many are under way at once. */
const maxContainerBytes = 8 * 1024 * 1024;
/** Sockets that dockerode's calls may hold; more wait. */
const maxControlSockets = 32;
/** dockerode collects the whole body of an unexpected status; all are expected, so that ours bounds it. */
const anyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [100 + index, true]));

/**
 * GETs from one engine: control calls through dockerode (unix, TCP, TLS, ssh, named pipes), calls of one container over
 * our own kept-alive connections, because they are nearly all of the traffic. Bodies are bounded, every call has a deadline.
 */
export class DockerClient {
  readonly #docker: Docker;
  readonly #agent: HttpAgent | undefined;
  readonly #containers: KeepAliveClient | undefined;
  readonly #callTimeoutMillis: number;
  readonly #pathPrefix: string;

  constructor(endpoint: EngineEndpoint, callTimeoutMillis: number) {
    const address = parseEngineAddress(endpoint);
    this.#callTimeoutMillis = callTimeoutMillis;
    this.#pathPrefix = address.pathPrefix;
    this.#agent = agentFor(address, endpoint);
    this.#docker = createDocker(dockerOptions(address, this.#agent));
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
      const stream = await this.#ask(this.#pathPrefix + path, abort);
      return { status: statusOf(stream), text: await readBounded(stream, abort) };
    } catch (error) {
      throw sourceErrorDuring(`GET ${path}`, abort.aborted ? abort.reason : error);
    }
  }

  /** A call of one container: inspect, stats. Throws SourceError. */
  async container(path: string, signal: AbortSignal): Promise<Answer> {
    if (!this.#containers) return this.control(path, signal);
    return this.#containers.get(this.#pathPrefix + path, this.#callTimeoutMillis, signal);
  }

  /** The text of an answer that does not end by itself; resolves when the engine begins it. Throws SourceError. */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException('', 'TimeoutError')), this.#callTimeoutMillis);
    const abort = AbortSignal.any([signal, late.signal]);
    try {
      const stream = await this.#ask(this.#pathPrefix + path, abort);
      const status = statusOf(stream);
      if (status === 200) return stream.setEncoding('utf8');
      stream.destroy();
      throw new SourceError('runtime-error', `status ${status}`);
    } catch (error) {
      throw sourceErrorDuring(`GET ${path}`, abort.aborted ? abort.reason : error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends every connection. */
  close(): void {
    this.#containers?.close();
    this.#agent?.destroy();
  }

  /** The engine may close an idle connection at the moment we write: then nothing was answered, and we ask anew. */
  async #ask(path: string, abort: AbortSignal): Promise<Readable> {
    try {
      return await this.#dial(path, abort);
    } catch (error) {
      if (!wasClosed(error) || abort.aborted) throw error;
      // The other idle ones are as old, and may be known to be closed only later.
      for (const socket of Object.values(this.#agent?.freeSockets ?? {}).flat()) socket?.destroy();
      return this.#dial(path, abort);
    }
  }

  #dial(path: string, abortSignal: AbortSignal): Promise<Readable> {
    return new Promise((resolve, reject) => {
      const options = {
        // The modem takes the last character off a path with a query, for it expects to add the query itself.
        path: path.includes('?') ? `${path}&` : path,
        method: 'GET',
        isStream: true,
        statusCodes: anyStatus,
        abortSignal: terse(abortSignal),
      };
      this.#docker.modem.dial(options, (error: unknown, result: unknown) => {
        if (result instanceof Readable) resolve(result);
        else
          reject(error instanceof Error ? error : new SourceError('unreachable', `GET ${path}: no answer`));
      });
    });
  }
}

/** dockerode reads DOCKER_HOST and its certificates by itself, and throws when they are wrong, whatever it is given. */
function createDocker(options: Docker.DockerOptions): Docker {
  const host = process.env['DOCKER_HOST'];
  delete process.env['DOCKER_HOST'];
  try {
    return new Docker(options);
  } finally {
    if (host !== undefined) process.env['DOCKER_HOST'] = host;
  }
}

/** Every field is set that dockerode would take from a socket of its own choice, be it to undefined. */
function dockerOptions(address: EngineAddress, agent: HttpAgent | undefined): Docker.DockerOptions {
  const sshAgent = process.env['SSH_AUTH_SOCK'];
  const fields = {
    socketPath: address.socketPath,
    host: address.host,
    port: address.port,
    username: address.user,
    protocol: address.scheme === 'unix' ? 'http' : address.scheme,
    ca: undefined,
    cert: undefined,
    key: undefined,
    agent,
    pathPrefix: '/',
    ...(sshAgent !== undefined && { sshOptions: { agent: sshAgent } }),
  };
  return Object.assign({}, fields);
}

function hostHeader({ host = 'docker', port, socketPath }: EngineAddress): string {
  if (socketPath !== undefined) return 'docker';
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function agentFor(address: EngineAddress, endpoint: EngineEndpoint): HttpAgent | undefined {
  const keepAlive = { keepAlive: true, maxSockets: maxControlSockets };
  if (address.scheme === 'ssh') return undefined;
  return address.scheme === 'https'
    ? terse(new HttpsAgent({ ...keepAlive, ...tlsOptions(endpoint.tls) }))
    : terse(new HttpAgent(keepAlive));
}

/**
 * dockerode renders the options of each request as text, for a debug line that nobody reads. An agent with its
 * sockets, or a signal with its listeners, cost 90 ms a call that way; told to be terse they cost nothing.
 */
function terse<T extends object>(value: T): T {
  return Object.assign(value, { [inspect.custom]: () => value.constructor.name });
}

function wasClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}

function statusOf(stream: Readable): number {
  return 'statusCode' in stream && typeof stream.statusCode === 'number' ? stream.statusCode : 0;
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
