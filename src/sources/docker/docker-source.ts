import { readFileSync, statSync } from 'node:fs';
import type { DiskUsage } from '../../model/disk-usage.ts';
import type { ContainerEvent } from '../../model/events.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { Sample } from '../../model/sample.ts';
import type {
  ContainerSource,
  InspectedContainer,
  ListedContainer,
  UsageSource,
} from '../container-source.ts';
import { SourceError, toSourceError } from '../source-error.ts';
import { parseEngineAddress, shownUrl } from './address.ts';
import type { EngineEndpoint } from './address.ts';
import { parseDiskUsage, describeEngine, negotiateVersion } from './engine.ts';
import { DockerClient } from './docker-client.ts';
import { eventsPath, readEvents } from './events.ts';
import { parseInspect } from './inspect.ts';
import { ContainerListReader } from './list.ts';
import type { RefusedContainer } from './list.ts';
import { expectOk } from './response.ts';
import { parseStats } from './stats.ts';

/** The engine walks its disks: on a slow one with many layers that takes minutes. */
const diskUsageTimeoutMillis = 5 * 60_000;

/** The items of its lists have the fields that may be beyond the limits: labels of a container. */
const diskUsageLevel = 3;

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
}

/** A Docker or Podman engine over its HTTP API. */
export class DockerSource implements ContainerSource {
  readonly name: string;
  readonly #options: DockerSourceOptions;
  readonly #client: DockerClient;
  /** `/v1.41`, or nothing where the engine would not say its version. */
  #prefix: string;
  /** The engine's last version response. */
  #version: unknown;
  #info: unknown;
  /** As last described. */
  #engine: RuntimeDescription | undefined;
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

  async describe(signal: AbortSignal): Promise<RuntimeDescription> {
    // Refused for once, it is still the same engine: an identity that came and went would be a new one each time.
    const version = (this.#version = (await this.#optional('/version', signal)) ?? this.#version);
    const { apiVersion } = this.#options;
    const negotiated = apiVersion ?? negotiateVersion(version);
    this.#prefix = negotiated ? `/v${negotiated}` : '';
    const info = (this.#info = (await this.#optional(`${this.#prefix}/info`, signal)) ?? this.#info);
    const engine = describeEngine({ name: this.name, version, info, apiVersion: negotiated });
    return (this.#engine = engine);
  }

  async list(signal: AbortSignal): Promise<readonly ListedContainer[]> {
    const reader = new ContainerListReader();
    const path = `${this.#prefix}/containers/json?all=true`;
    await this.#advised(this.#client.items(path, signal, (item) => reader.take(item)));
    const { listed, refused } = reader.end();
    this.#options.onRefused?.(refused);
    return listed;
  }

  async inspect(id: string, signal: AbortSignal): Promise<InspectedContainer> {
    const answer = await this.#client.container(`${this.#prefix}/containers/${id}/json`, signal);
    return parseInspect(id, expectOk(answer, `inspect of ${id}`), this.#engine);
  }

  async #sample(id: string, signal: AbortSignal): Promise<Sample | undefined> {
    const path = `${this.#prefix}/containers/${id}/stats?stream=false&one-shot=true`;
    const answer = await this.#client.container(path, signal);
    // A stopped or restarting container: 409 by some engines, an empty body by Podman.
    if (answer.status === 409 || (answer.status === 200 && answer.text.trim() === '')) return undefined;
    const sample = parseStats(expectOk(answer, `stats of ${id}`), this.#options.now());
    this.#options.onStats?.(id, answer.text);
    return sample;
  }

  async events(signal: AbortSignal, sinceNanos?: number): Promise<AsyncIterable<ContainerEvent> | undefined> {
    // Podman's compatible API has other words for some actions, and lacks others.
    if (this.#engine?.runtimeName === 'podman') return undefined;
    return readEvents(await this.#client.stream(`${this.#prefix}${eventsPath(sinceNanos)}`, signal));
  }

  async diskUsage(signal: AbortSignal): Promise<DiskUsage> {
    // Sums alone from API 1.52 on; older engines ignore the parameter, and give their lists.
    const path = `${this.#prefix}/system/df?verbose=false`;
    const options = { timeoutMillis: diskUsageTimeoutMillis, level: diskUsageLevel };
    const answer = await this.#advised(this.#client.control(path, signal, options));
    return parseDiskUsage(expectOk(answer, 'disk usage'));
  }

  close(): void {
    this.#client.close();
  }

  /**
   * Undefined when the engine, or a proxy before it, refuses the request; an engine that is away is an error.
   */
  async #optional(path: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#advised(this.#client.control(path, signal));
    try {
      return expectOk(answer, path);
    } catch {
      // Containers can be measured without it: the list decides whether this is an engine.
      return undefined;
    }
  }

  async #advised<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (thrown) {
      const error = toSourceError(thrown, 'call');
      const { socketPath } = parseEngineAddress(this.#options.endpoint);
      const advice = error.code === 'permission' && socketPath ? permissionAdvice(socketPath) : undefined;
      throw advice ? new SourceError('permission', `${error.message}; ${advice}`, error) : error;
    }
  }
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
