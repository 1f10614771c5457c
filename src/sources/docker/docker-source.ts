// One piece, because version, prefix and clock of an engine are found in some calls and used in the others.
import { readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { DiskUsage, DiskUsageNeeds } from '../../model/disk-usage.ts';
import type { ContainerEvent } from '../../model/events.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { Sample } from '../../model/sample.ts';
import type {
  ContainerSource,
  InspectedContainer,
  ListedContainer,
  UsageSource,
} from '../container-source.ts';
import type { RefusedPart } from '../response-limits.ts';
import type { WholeResponse } from '../http/keep-alive-client.ts';
import { SourceError, toSourceError } from '../source-error.ts';
import type { SourceErrorCode } from '../source-error.ts';
import { parseEngineAddress, shownUrl } from './address.ts';
import type { EngineEndpoint } from './address.ts';
import { DockerClient, expectOk } from './docker-client.ts';
import { clockJumped, clockOffset, describeEngine, negotiateVersion, parseDiskUsage } from './engine.ts';
import { eventsPath, readEvents } from './events.ts';
import { cgroupPath, parseInspect } from './inspect.ts';
import { ContainerListReader } from './list.ts';
import type { ContainerListing, RefusedContainer } from './list.ts';
import { parseStats } from './stats.ts';

/** The engine walks its disks: on a slow one with many layers that takes minutes. */
const diskUsageTimeoutMillis = 5 * 60_000;

/** Spoken by Docker Engine 25 and newer; older ones refuse it, and say up to which version they speak. */
const commonVersion = '1.44';

/** Of the objects with fields that may be beyond the limits: items of a list, or from API 1.52 on of a list within a summary. */
const diskUsageLevel = 4;

/** Settings of one {@link DockerSource}. */
export interface DockerSourceOptions {
  readonly endpoint: EngineEndpoint;
  /** Used as it is; absent: negotiated. */
  readonly apiVersion?: string;
  readonly callTimeoutMillis: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Called with the text of each stats response. */
  onStats?(id: string, text: string): void;
  /** Called after each list with the items that are not measured. */
  onRefused?(refused: readonly RefusedContainer[]): void;
  /** Called when a part of an `info` or `version` is beyond the limits: it is absent. */
  onPartRefused?(what: string, part: RefusedPart): void;
}

/** A Docker or Podman engine over its HTTP API. */
export class DockerSource implements ContainerSource {
  readonly name: string;
  refusedCount = 0;
  readonly #options: DockerSourceOptions;
  readonly #client: DockerClient;
  /** `/v1.41`, or nothing where the engine would not say its version. */
  #prefix: string;
  /** The engine's last version response. */
  #version: unknown;
  #info: unknown;
  /** As last described. */
  #engine: RuntimeDescription | undefined;
  #clockJumped = false;
  readonly usage: UsageSource = {
    kind: 'docker',
    round: (signal) => ({
      read: ({ identity: { id } }) => this.#sample(id, signal),
      close: () => undefined,
    }),
  };

  constructor(options: DockerSourceOptions) {
    this.#options = options;
    this.name = shownUrl(options.endpoint.url);
    this.#client = new DockerClient(options.endpoint, options.callTimeoutMillis);
    this.#prefix = options.apiVersion ? `/v${options.apiVersion}` : '';
  }

  get cgroupParent(): string | undefined {
    return this.#engine && dirname(cgroupPath({ id: 'ID', parent: undefined }, this.#engine));
  }

  get clockJumped(): boolean {
    return this.#clockJumped;
  }

  async describe(signal: AbortSignal): Promise<RuntimeDescription> {
    // Refused for once, it is still the same engine: an identity that came and went would be a new one each time.
    const version = (this.#version = (await this.#askVersion(signal)) ?? this.#version);
    const { apiVersion } = this.#options;
    const negotiated = apiVersion ?? negotiateVersion(version);
    if (negotiated) this.#prefix = `/v${negotiated}`;
    const sentAt = this.#options.now();
    const response = await this.#wholeResponse(`${this.#prefix}/info`, signal);
    const current = response && this.#parsed(response, 'info');
    const receivedAt = this.#options.now();
    const clockOffsetMillis = clockOffset({ info: current, date: response?.date, sentAt, receivedAt });
    const info = (this.#info = current ?? this.#info);
    const described = { name: this.name, version, info, apiVersion: negotiated, clockOffsetMillis };
    this.#clockJumped = false;
    return (this.#engine = describeEngine(described));
  }

  async list(signal: AbortSignal): Promise<readonly ListedContainer[]> {
    const { listed, refused } = await this.#advised(this.#listing(signal));
    this.refusedCount = refused.length;
    this.#options.onRefused?.(refused);
    return listed;
  }

  /** Without a version while none is known; a proxy may refuse that. */
  async #listing(signal: AbortSignal): Promise<ContainerListing> {
    try {
      return await this.#listBelow(this.#prefix, signal);
    } catch (thrown) {
      const { code } = toSourceError(thrown, 'list of containers');
      const isRefused = code === 'runtime-error' || code === 'not-found';
      const accepted =
        isRefused && this.#prefix === ''
          ? await this.#askVersioned('/containers/json?limit=1', signal)
          : undefined;
      if (!accepted) throw thrown;
      this.#prefix = accepted.prefix;
      return this.#listBelow(accepted.prefix, signal);
    }
  }

  async #listBelow(prefix: string, signal: AbortSignal): Promise<ContainerListing> {
    const reader = new ContainerListReader();
    await this.#client.items(`${prefix}/containers/json?all=true`, signal, (item) => reader.take(item));
    return reader.end();
  }

  async inspect(id: string, signal: AbortSignal): Promise<InspectedContainer> {
    const response = await this.#client.container(`${this.#prefix}/containers/${id}/json`, signal);
    const inspected = parseInspect(id, expectOk(response, `inspect of ${id}`), this.#engine);
    const { clockOffsetMillis } = this.#engine ?? {};
    return clockOffsetMillis ? { ...inspected, clockOffsetMillis } : inspected;
  }

  async #sample(id: string, signal: AbortSignal): Promise<Sample | undefined> {
    const path = `${this.#prefix}/containers/${id}/stats?stream=false&one-shot=true`;
    const sentAt = this.#options.now();
    const response = await this.#client.container(path, signal);
    // A stopped or restarting container: 409 by some engines, an empty body by Podman.
    if (response.status === 409 || (response.status === 200 && response.text.trim() === '')) return undefined;
    const receivedAt = this.#options.now();
    const { clockOffsetMillis } = this.#engine ?? {};
    const sample = parseStats(expectOk(response, `stats of ${id}`), receivedAt, clockOffsetMillis);
    this.#options.onStats?.(id, response.text);
    if (clockOffsetMillis === undefined || sample?.readAt === undefined) return sample;
    const readAt = sample.readAt - clockOffsetMillis;
    if (!clockJumped({ readAt, sentAt, receivedAt })) return sample;
    this.#clockJumped = true;
    return { ...sample, takenAt: receivedAt };
  }

  async events(signal: AbortSignal, sinceNanos?: number): Promise<AsyncIterable<ContainerEvent> | undefined> {
    // Podman's compatible API has other words for some actions, and lacks others.
    if (this.#engine?.runtimeName === 'podman') return undefined;
    return readEvents(await this.#client.stream(`${this.#prefix}${eventsPath(sinceNanos)}`, signal));
  }

  async diskUsage(signal: AbortSignal, { sums, containers }: DiskUsageNeeds): Promise<DiskUsage> {
    // Lists only on demand from API 1.52 on, and one type of them from 1.42 on; older engines ignore the parameters.
    const path = `${this.#prefix}/system/df?verbose=${containers}${sums ? '' : '&type=container'}`;
    const options = { timeoutMillis: diskUsageTimeoutMillis, level: diskUsageLevel };
    const response = await this.#advised(this.#client.control(path, signal, options));
    return parseDiskUsage(expectOk(response, 'disk usage'));
  }

  close(): void {
    this.#client.close();
  }

  /** Some proxies let pass only paths that name a version. */
  async #askVersion(signal: AbortSignal): Promise<unknown> {
    const version = await this.#optional('/version', signal);
    if (version !== undefined) return version;
    const versioned = await this.#askVersioned('/version', signal);
    return versioned && this.#parsed(versioned.response, 'version');
  }

  /** Asks below the version that is set, else one that an engine either speaks or refuses with its own. */
  async #askVersioned(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly prefix: string; readonly response: WholeResponse } | undefined> {
    const ask = async (version: string) => {
      const prefix = `/v${version}`;
      return { prefix, response: await this.#client.control(prefix + path, signal) };
    };
    const first = await ask(this.#options.apiVersion ?? commonVersion);
    const spoken =
      first.response.status === 400 ? /API version is (\d+\.\d+)/.exec(first.response.text)?.[1] : undefined;
    const asked = spoken === undefined ? first : await ask(spoken);
    return asked.response.status === 200 ? asked : undefined;
  }

  /**
   * Undefined when the engine, or a proxy before it, refuses the request; an engine that is away is an error.
   */
  async #optional(path: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.#wholeResponse(path, signal);
    return response && this.#parsed(response, path.slice(1));
  }

  /** Undefined for one beyond the bounds: containers can be measured without it, as without one that is refused. */
  async #wholeResponse(path: string, signal: AbortSignal): Promise<WholeResponse | undefined> {
    try {
      return await this.#advised(this.#client.control(path, signal));
    } catch (thrown) {
      const { code } = toSourceError(thrown, path);
      if (code === 'too-large' || code === 'bad-response') return undefined;
      throw thrown;
    }
  }

  /** Undefined for what is refused: containers can be measured without it, and the list decides whether this is an engine. */
  #parsed(response: WholeResponse, what: string): unknown {
    try {
      const value = expectOk(response, what);
      if (response.refused) this.#options.onPartRefused?.(what, response.refused);
      return value;
    } catch {
      return undefined;
    }
  }

  async #advised<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (thrown) {
      const error = toSourceError(thrown, 'call');
      const { socketPath } = parseEngineAddress(this.#options.endpoint);
      const advice = socketPath === undefined ? undefined : socketAdvice(error.code, socketPath);
      throw advice ? new SourceError(error.code, `${error.message}; ${advice}`, error) : error;
    }
  }
}

function socketAdvice(code: SourceErrorCode, socketPath: string): string | undefined {
  if (code === 'permission') return permissionAdvice(socketPath);
  return code === 'unreachable' ? wrongKindAdvice(socketPath) : undefined;
}

function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Not there, or in a closed directory: the engine's own error is all there is to say.
    return undefined;
  }
}

/** A directory or file in place of a socket, as advice; undefined for a socket, and where the path cannot be read. */
function wrongKindAdvice(path: string): string | undefined {
  const kind = kindOf(path);
  if (!kind || kind.isSocket()) return undefined;
  return kind.isDirectory()
    ? `${path} is a directory and no socket: Docker makes one where the source of a bind mount is missing; ` +
        'remove it, start the engine, and mount the socket that the engine made'
    : `${path} is a file and no socket: name the engine's socket with --docker-url`;
}

/**
 * The reason why a socket may not be opened, and the group that may: one sentence, or undefined when unknown.
 */
export function permissionAdvice(socketPath: string): string | undefined {
  try {
    const { gid, mode } = statSync(socketPath);
    const group = groupName(gid);
    const named = group ? `group "${group}" (gid ${gid})` : `gid ${gid}`;
    const writable = (mode & 0o020) !== 0;
    return writable
      ? `the socket belongs to ${named}: run the agent with that group, in a container with --group-add ${gid}`
      : `the socket's mode ${(mode & 0o777).toString(8)} lets only its owner in; its group is ${named}`;
  } catch {
    // The directory may be closed as well: then the engine's own error is all there is to say.
    return undefined;
  }
}

function groupName(gid: number): string | undefined {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid));
    return line?.split(':')[0];
  } catch {
    // No such file on Windows and in the smallest images.
    return undefined;
  }
}
