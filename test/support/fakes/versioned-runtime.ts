import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { RealEngine } from '../real/real-engine.ts';

type Runtime = Pick<RealEngine, 'directory' | 'socket'>;

const versionPaths = /\/(?:info|version)(?:\?|$)/;

/**
 * A proxy that adds the version to a runtime's responses. A runtime that Go built from its module has none, and
 * cAdvisor ignores all containers of a runtime whose version does not have three numbers.
 */
export class VersionedRuntime {
  /** As a program takes the runtime's. */
  readonly url: string;
  readonly #runtime: Runtime;
  readonly #version: string;
  readonly #server: Server;

  private constructor(runtime: Runtime, version: string) {
    this.#runtime = runtime;
    this.#version = version;
    this.url = `unix://${join(runtime.directory, 'versioned.sock')}`;
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
  }

  /** Starts to listen. */
  static async start(runtime: Runtime, version: string): Promise<VersionedRuntime> {
    const versioned = new VersionedRuntime(runtime, version);
    versioned.#server.listen(versioned.url.replace('unix://', ''));
    await once(versioned.#server, 'listening');
    return versioned;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url: path = '', headers } = incoming;
    const onward = request({ socketPath: this.#runtime.socket, method, path, headers }, (answer) => {
      if (versionPaths.test(path)) {
        void this.#sendVersion(answer, outgoing);
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  async #sendVersion(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await text(answer);
    const { 'content-length': _, ...headers } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, headers);
    outgoing.end(body.replaceAll(/"(ServerVersion|Version)":"[^"]*"/g, `"$1":"${this.#version}"`));
  }
}
