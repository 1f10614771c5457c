import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { EngineAddress } from './address.ts';
import { SourceError } from '../source-error.ts';

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
