import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon, type Daemon } from './daemon.ts';
import {
  claimDirectory,
  engineDirectoryPrefix,
  removeEngineDirectory,
  removeLeftovers,
} from './engine-leftovers.ts';
import { packBusybox } from './busybox-root.ts';
import { componentPath } from './component.ts';

const run = promisify(execFile);
const commandTimeoutMillis = 300_000;
const busyboxImage = 'localhost/bb:1';
/** Podman would raise these for each container, which a test machine may not allow. */
const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096'];

/** Starts Podman's API on a store of its own, with an image; first ends what crashed tests left behind. */
export async function startPodman(): Promise<RealPodman> {
  await removeLeftovers();
  const directory = await mkdtemp(engineDirectoryPrefix);
  await claimDirectory(directory);
  const podman = new RealPodman(directory);
  try {
    await podman.start();
    await podman.podman('import', await packBusybox(directory), busyboxImage);
  } catch (error) {
    await podman[Symbol.asyncDispose]();
    throw error;
  }
  return podman;
}

/** Podman for tests. */
export class RealPodman {
  readonly directory: string;
  /** The socket as `--docker-url` takes it. */
  readonly url: string;
  readonly #socket: string;
  readonly #store: readonly string[];
  #service: Daemon | undefined;

  constructor(directory: string) {
    this.directory = directory;
    this.#socket = join(directory, 'podman.sock');
    this.url = `unix://${this.#socket}`;
    this.#store = [
      `--root=${directory}/root`,
      `--runroot=${directory}/run`,
      '--storage-driver=overlay',
      '--cgroup-manager=cgroupfs',
      '--runtime=runc',
    ];
  }

  /** Starts the API's service. */
  async start(): Promise<void> {
    this.#service = await startDaemon({
      command: componentPath('podman'),
      args: [...this.#store, 'system', 'service', '--time=0', this.url],
      logFile: join(this.directory, 'log'),
      isReady: () => this.#answers(),
    });
  }

  /** Runs the podman command on this store, and gives its stdout without the last line break. */
  async podman(...args: readonly string[]): Promise<string> {
    const options = { timeout: commandTimeoutMillis };
    const { stdout } = await run(componentPath('podman'), [...this.#store, ...args], options);
    return stdout.trimEnd();
  }

  /** Starts a container without a network with a shell command, `podman run` options before it; gives its id. */
  async run(name: string, options: readonly string[], command: string): Promise<string> {
    const defaults = ['--detach', `--name=${name}`, '--stop-timeout=0', '--network=none', ...limits];
    return await this.podman('run', ...defaults, ...options, busyboxImage, 'sh', '-c', command);
  }

  /** Removes the containers, ends the service and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Podman's own way first; what that leaves, for whatever reason, is removed below.
    await this.podman('rm', '--all', '--force', '--time=0').catch(() => undefined);
    await this.#service?.end('SIGTERM');
    await removeEngineDirectory(this.directory);
  }

  #answers(): Promise<boolean> {
    return new Promise((fulfil) => {
      get({ socketPath: this.#socket, path: '/_ping', agent: false }, ({ statusCode }) =>
        fulfil(statusCode === 200),
      ).on('error', () => fulfil(false));
    });
  }
}
