import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import type { InspectedContainer } from '../../src/sources/container-source.ts';
import { parseInspect } from '../../src/sources/docker/inspect.ts';

/** The running containers of the runtime at a socket, inspected. */
export async function inspectRunning(socket: string): Promise<readonly InspectedContainer[]> {
  const listed = await ask(socket, '/containers/json');
  if (!Array.isArray(listed)) throw new Error(`${socket} listed no containers`);
  const containers: InspectedContainer[] = [];
  for (const { Id: id } of listed) {
    containers.push(parseInspect(id, await ask(socket, `/containers/${id}/json`)));
  }
  return containers;
}

async function ask(socketPath: string, path: string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    get({ socketPath, path }, (response) => {
      json(response).then(resolve, reject);
    }).on('error', reject);
  });
}
