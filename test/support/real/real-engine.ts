import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { text } from 'node:stream/consumers';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon, waitUntil, type Daemon } from './daemon.ts';
import {
  bridgeName,
  claimDirectory,
  engineDirectoryPrefix,
  removeEngineDirectory,
  removeLeftovers,
} from './engine-leftovers.ts';
import { packBusybox } from './busybox-root.ts';
import { componentPath } from './component.ts';

const run = promisify(execFile);
/** Building an image takes a while beside other tests. */
const dockerTimeoutMillis = 600_000;

/** Both ends of the supported range: API 1.41, and the newest. */
export type EngineVersion = '20.10' | 'current';

/** The image that each engine has: busybox with all its programs. */
export const busyboxImage = 'bb:1';

/** Options of an engine. */
export interface EngineOptions {
  /** Absolute path for all that the engine writes; a new one below the temporary directory by default. */
  readonly directory?: string;
  /** Gives the engine a bridge, so that containers have an interface of their own; off by default. */
  readonly bridge?: boolean;
}

/** Starts an engine of its own with the image `bb:1`; first ends what crashed tests left behind. */
export async function startEngine(version: EngineVersion, options: EngineOptions = {}): Promise<RealEngine> {
  const program = componentPath(version === 'current' ? 'engine-current' : 'engine-20.10');
  await removeLeftovers();
  const directory = resolve(options.directory ?? (await mkdtemp(engineDirectoryPrefix)));
  await mkdir(directory, { recursive: true });
  await claimDirectory(directory);
  const runtime = new RealEngine(program, directory, [
    ...(version === 'current' ? currentEngineArgs() : []),
    `--bridge=${options.bridge === true ? await createBridge(directory) : 'none'}`,
  ]);
  try {
    await runtime.start();
    await importImage(runtime);
  } catch (error) {
    await runtime[Symbol.asyncDispose]();
    throw error;
  }
  return runtime;
}

/** A Docker engine for tests; calls may overlap, except those that start and end it. */
export class RealEngine {
  readonly directory: string;
  readonly socket: string;
  /** The socket as `--docker-url` takes it. */
  readonly url: string;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #hasBridge: boolean;
  #daemon: Daemon | undefined;
  #apiVersion = '';

  constructor(program: string, directory: string, args: readonly string[]) {
    this.directory = directory;
    this.socket = join(directory, 'docker.sock');
    this.url = `unix://${this.socket}`;
    this.#program = program;
    this.#args = args;
    this.#hasBridge = !args.includes('--bridge=none');
  }

  /** The engine's own process; throws while it does not run. */
  get pid(): number {
    if (this.#daemon?.isRunning() !== true) throw new Error('the engine does not run');
    return this.#daemon.pid;
  }

  /** The newest API version that the engine speaks, such as `1.41`. */
  get apiVersion(): string {
    return this.#apiVersion;
  }

  /** Starts the engine, again on the same directory after `stop()` or `kill()`. */
  async start(): Promise<void> {
    // A killed engine leaves them behind, and their pids may be in use, by it or by another process.
    await rm(join(this.directory, 'dockerd.pid'), { force: true });
    await rm(join(this.directory, 'exec/containerd/containerd.pid'), { force: true });
    await writeFile(join(this.directory, 'daemon.json'), '{}');
    this.#daemon = await startDaemon({
      command: this.#program,
      args: [...commonEngineArgs(this.directory), ...this.#args],
      logFile: join(this.directory, 'log'),
      isReady: () => this.get('/_ping').then(Boolean, () => false),
    });
    const version = await this.get('/version');
    if (typeof version !== 'object' || version === null || !('ApiVersion' in version)) {
      throw new Error(`unexpected answer of /version: ${JSON.stringify(version)}`);
    }
    this.#apiVersion = String(version.ApiVersion);
  }

  /** Ends the engine in good order, its containers with it; does nothing when it does not run. */
  async stop(): Promise<void> {
    await this.#daemon?.end('SIGTERM');
  }

  /** Kills the engine and nothing else: its containers run on until the next `start()`, which ends them. */
  async kill(): Promise<void> {
    await this.#daemon?.end('SIGKILL');
  }

  /** Runs the docker command on this engine, and gives its stdout without the last line break. */
  async docker(...args: readonly string[]): Promise<string> {
    // A configuration directory of its own: the user's contexts and plugins do not count.
    const config = join(this.directory, 'docker-config');
    const { stdout } = await run(componentPath('docker'), ['--config', config, '--host', this.url, ...args], {
      maxBuffer: 64 * 1024 * 1024,
      timeout: dockerTimeoutMillis,
      env: {
        ...process.env,
        DOCKER_CONTEXT: undefined,
        DOCKER_HOST: undefined,
        DOCKER_API_VERSION: undefined,
      },
    });
    return stdout.trimEnd();
  }

  /** Starts a container with a shell command, `docker run` options before it; gives its id. Without a bridge and a `--network`: none. */
  async run(name: string, options: readonly string[], command: string): Promise<string> {
    // Newer docker commands take a second --network as one more, not instead.
    const choosesNetwork = options.some((option) => /^--net(work)?(=|$)/.test(option));
    const network = this.#hasBridge || choosesNetwork ? [] : ['--network=none'];
    // Process 1 ignores SIGTERM unless it has a handler, so waiting for it when the container is stopped is in
    // vain.
    const defaults = ['--detach', `--name=${name}`, '--stop-timeout=0', ...network];
    return await this.docker('run', ...defaults, ...options, busyboxImage, 'sh', '-c', command);
  }

  /** Waits until a container has that file: its command's word that it got so far. */
  async untilFile(container: string, path: string): Promise<void> {
    const checkFile = (): Promise<true | undefined> =>
      this.docker('exec', container, 'test', '-e', path).then(
        () => true,
        () => undefined,
      );
    await waitUntil(`${path} in ${container}`, checkFile, 300_000);
  }

  /** Pauses containers. Beside other work runc may give up waiting for the freezer of cgroup v1; it undoes what it did. */
  async pause(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await waitUntil(`pause of ${name}`, () =>
        this.docker('pause', name).then(
          () => true as const,
          (error: unknown) => {
            if (/unable to freeze/.test(String(error))) return undefined;
            throw error;
          },
        ),
      );
    }
  }

  /** Asks the Engine API; gives the parsed JSON, or the text when it is none. Throws for any status but 200. */
  async get(path: string): Promise<unknown> {
    const response = await new Promise<{ status: number; body: string }>((fulfil, reject) => {
      httpGet({ socketPath: this.socket, path, agent: false }, (message) => {
        text(message).then((body) => fulfil({ status: message.statusCode ?? 0, body }), reject);
      }).on('error', reject);
    });
    if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}: ${response.body}`);
    return /^[[{]/.test(response.body) ? JSON.parse(response.body) : response.body;
  }

  /** The engine's log since its first start. */
  async log(): Promise<string> {
    return await readFile(join(this.directory, 'log'), 'utf8');
  }

  /** Removes the containers, ends every process of the engine and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#daemon?.isRunning() === true) {
      // A test may have stopped the process (SIGSTOP) to see what a hanging engine does.
      process.kill(this.#daemon.pid, 'SIGCONT');
      // The engine's own way first, it is the cleanest; what that leaves, for whatever reason, is removed below.
      await this.#removeContainers().catch(() => undefined);
      await this.stop();
    }
    await removeEngineDirectory(this.directory);
  }

  async #removeContainers(): Promise<void> {
    const ids = await this.docker('ps', '--all', '--quiet', '--no-trunc');
    if (ids !== '') await this.docker('rm', '--force', ...ids.split('\n'));
  }
}

function commonEngineArgs(directory: string): string[] {
  return [
    // The host's configuration file does not count.
    `--config-file=${directory}/daemon.json`,
    `--data-root=${directory}/data`,
    `--exec-root=${directory}/exec`,
    `--host=unix://${directory}/docker.sock`,
    `--pidfile=${directory}/dockerd.pid`,
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--userland-proxy=false',
    '--storage-driver=overlay2',
  ];
}

function currentEngineArgs(): string[] {
  return [
    // Our runc is built without libseccomp.
    '--seccomp-profile=unconfined',
    '--feature=containerd-snapshotter=false',
    `--add-runtime=own=${componentPath('runc-current')}`,
    '--default-runtime=own',
  ];
}

// The engine would create only docker0, of which a host has one; so each engine gets a bridge of another name.
async function createBridge(directory: string): Promise<string> {
  const name = bridgeName(directory);
  const [second = 0, third = 0] = Buffer.from(name.slice(2), 'hex');
  await run('ip', ['link', 'add', name, 'type', 'bridge']);
  await run('ip', ['address', 'add', `10.${128 + (second % 128)}.${third}.1/24`, 'dev', name]);
  await run('ip', ['link', 'set', name, 'up']);
  return name;
}

async function importImage(runtime: RealEngine): Promise<void> {
  if ((await runtime.docker('image', 'ls', '--quiet', busyboxImage)) !== '') return;
  await runtime.docker('import', await packBusybox(runtime.directory), busyboxImage);
}
