import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';

/**
 * The image's health check: asks the agent beside it for its health, wherever it listens, and ends with 0 or 1. Flags,
 * variables and files decide on the address, so that only the kernel knows it: by the sockets that the agent has open.
 * The argument is the agent's pid; without one it is searched for.
 */
const [pid] = process.argv.slice(2);
/** What is asked where nothing is to be seen of the agent. */
const usual = { host: '127.0.0.1', port: Number(process.env['OTEL_EXPORTER_PROMETHEUS_PORT']) || 9417 };
const addresses = (pid === undefined ? findAgents() : [pid]).flatMap(listeningAddresses);

const results = await Promise.all((addresses.length > 0 ? addresses : [usual]).map(isHealthy));
process.exitCode = results.includes(true) ? 0 : 1;

interface Address {
  readonly host: string;
  readonly port: number;
}

/** An agent that cannot listen ends: nobody at an address that was guessed says nothing of it. Waits without an end. */
function isHealthy({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host, port, path: '/healthz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', (error) => {
      resolve(addresses.length === 0 && 'code' in error && error.code === 'ECONNREFUSED');
    });
  });
}

/** Processes that have the program beside this file among their arguments, as an init that runs it has, too. */
function findAgents(): readonly string[] {
  const main = join(import.meta.dirname, `main${import.meta.filename.slice(-3)}`);
  return namesIn('/proc').filter((name) => /^\d+$/.test(name) && argumentsOf(name).includes(main));
}

function argumentsOf(name: string): readonly string[] {
  return textOf(`/proc/${name}/cmdline`).split('\0');
}

/** Where a process listens, by its sockets and the tables of its network (`proc_pid_net(5)`). */
function listeningAddresses(of: string): readonly Address[] {
  const own = new Set(namesIn(`/proc/${of}/fd`).map((name) => inodeOf(`/proc/${of}/fd/${name}`)));
  return ['tcp', 'tcp6'].flatMap((table) =>
    textOf(`/proc/${of}/net/${table}`)
      .split('\n')
      .flatMap((line) => {
        const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
        return state === '0A' && own.has(inode) ? [addressOf(local)] : [];
      }),
  );
}

/** Of `0100007F:24C9`: the kernel writes addresses in words of its own byte order. */
function addressOf(local: string): Address {
  const [hex = '', port = ''] = local.split(':');
  const bytes = Buffer.from(hex, 'hex');
  if (hex.length > 8) return { host: hostOfV6(bytes.swap32()), port: Number.parseInt(port, 16) };
  return { host: hostOfV4(bytes.swap32()), port: Number.parseInt(port, 16) };
}

/** Of every interface the loopback is one. */
function hostOfV4(bytes: Buffer): string {
  return bytes.every((byte) => byte === 0) ? usual.host : bytes.join('.');
}

/** Every interface is every one of IPv4, too. */
function hostOfV6(bytes: Buffer): string {
  if (bytes.every((byte) => byte === 0)) return usual.host;
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(':');
}

function inodeOf(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Of another user, or on another system than Linux.
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
