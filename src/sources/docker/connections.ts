import { Agent } from 'node:http';
import { connect as connectPlain, isIP } from 'node:net';
import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { Client } from 'ssh2';
import { SourceError } from '../source-error.ts';
import { defaultPorts } from './address.ts';
import type { EngineAddress, EngineTls } from './address.ts';

/** The TLS options of Node for an endpoint's certificates. */
export function tlsOptions(tls: EngineTls | undefined): ConnectionOptions {
  return {
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(tls?.cert !== undefined && { cert: tls.cert }),
    ...(tls?.key !== undefined && { key: tls.key }),
    rejectUnauthorized: tls?.verify ?? true,
  };
}

/** Opens a connection to the engine, whose bytes go to `onread`; errors arrive on the socket. */
export function connectEngine(
  address: EngineAddress,
  tls: EngineTls | undefined,
  onread: OnReadOpts,
): Socket {
  if (address.socketPath !== undefined) return connectPlain({ path: address.socketPath, onread });
  const { host = 'localhost', port = defaultPorts.http } = address;
  if (address.scheme === 'http') return connectPlain({ host, port, onread });
  // An IP address is not allowed as TLS server name (RFC 6066); it is checked all the same.
  const name = isIP(host) === 0 && { servername: host };
  // Node's types lack `onread` for tls.connect, which takes it too.
  return connectTls(Object.assign({ host, port, ...name, ...tlsOptions(tls) }, { onread }));
}

/** The command with which the Docker CLI reaches an engine over SSH: it joins its input and output to the socket. */
const dialCommand = 'docker system dial-stdio';

/**
 * An HTTP agent whose connections go over SSH, each over a session of its own, authenticated by the user's SSH agent
 * (`SSH_AUTH_SOCK`). Errors of a session, then and later, arrive at the request that it was opened for.
 */
export class SshAgent extends Agent {
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
      // Node's agent takes no stream beside an error, against its type.
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
