import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const pollMillis = 20;
/** A second's work takes a minute beside other tests on a small machine; only a failure waits this long. */
const defaultTimeoutMillis = 120_000;

/** Command line of a real program, and the check that it is ready. */
export interface DaemonOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** File to which stdout and stderr are appended. */
  readonly logFile: string;
  /** Asked again and again with what was logged since the start. */
  readonly isReady: (logged: string) => boolean | Promise<boolean>;
}

/** A real program that runs for a test. */
export interface Daemon {
  readonly pid: number;
  isRunning(): boolean;
  /** Sends the signal and waits for the end; after 30 s it is SIGKILL. Does nothing once it has ended. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program, waits until it is ready, and throws with the end of its log when it ends before. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const log = await open(options.logFile, 'a');
  const { size } = await log.stat();
  // The kernel kills the program when the test process dies, however that happens; setpriv keeps the pid by exec.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', options.command, ...options.args], {
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, ...options.env },
  });
  await once(child, 'spawn');
  await log.close();
  // A test that forgets to end its program is not kept waiting for it.
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.command} has no pid`);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!isRunning()) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await exited;
    clearTimeout(timer);
  };
  const logged = async (): Promise<string> => (await readFile(options.logFile)).subarray(size).toString();
  try {
    await waitUntil(`${options.command} to be ready`, async () => {
      const text = await logged();
      if (!isRunning()) throw new Error(`${options.command} ended`);
      return (await options.isReady(text)) ? true : undefined;
    });
  } catch (error) {
    await end('SIGKILL');
    throw new Error(`${options.command} did not start:\n${(await logged()).slice(-2000)}`, { cause: error });
  }
  return { pid, isRunning, end };
}

/** Looks again and again until there is something, and it is not `false`, and gives that; throws after 2 min by default. */
export async function waitUntil<T>(
  what: string,
  attempt: () => Promise<T | undefined | false>,
  timeoutMillis = defaultTimeoutMillis,
): Promise<T> {
  const deadline = performance.now() + timeoutMillis;
  for (;;) {
    const seen = await attempt();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMillis} ms in vain for ${what}`);
    await delay(pollMillis);
  }
}

/**
 * A loopback address of its own for each program. So each can have its usual ports, and nobody takes them while the
 * program is stopped; a free port that was found a moment ago promises neither.
 */
export function ownLoopbackAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
}

/** An address without a listener; a port that was released may be taken by another test. */
export function closedOrigin(): string {
  return `http://${ownLoopbackAddress()}:4318`;
}
