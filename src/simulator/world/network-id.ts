import { createHash } from 'node:crypto';

/** The id of a simulated network: the same for all containers on it. */
export function networkId(name: string): string {
  return createHash('sha256').update(`network/${name}`).digest('hex');
}
