import type { ContainerImage } from '../model/container.ts';
import { present } from './fields.ts';

/**
 * Splits `registry:5000/team/app:1.2@sha256:…` into the conventions' name, tags and digests.
 * A reference that is itself an image id has no name.
 */
export function parseImageReference(reference: string | undefined, id: string | undefined): ContainerImage {
  const [named = '', digest] = (reference ?? '').split('@');
  const isId =
    named.startsWith('sha256:') || (/^[0-9a-f]{12,64}$/.test(named) && id?.includes(named) === true);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const name = tagged ? named.slice(0, colon) : named;
  return present<ContainerImage>({
    reference: reference || undefined,
    name: isId || name === '' ? undefined : name,
    tags: tagged && !isId ? [named.slice(colon + 1)] : [],
    id: id || undefined,
    repoDigests: digest && !isId ? [`${name}@${digest}`] : [],
  });
}
