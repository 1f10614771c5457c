import type { ContainerImage } from '../model/container.ts';
import { present } from './json.ts';

/**
 * Splits `registry:5000/team/app:1.2@sha256:…` into the conventions' name, tags and digests.
 * A reference that is itself an image id has no name.
 */
export function parseImageReference(reference: string | undefined, id: string | undefined): ContainerImage {
  const [named = '', digest] = (reference ?? '').split('@');
  const { name, tag } = isImageId(named, id) ? {} : splitTag(named);
  return present<ContainerImage>({
    reference: reference || undefined,
    name: name || undefined,
    tags: tag ? [tag] : [],
    id: id || undefined,
    repoDigests: digest && name ? [`${name}@${digest}`] : [],
  });
}

/** `sha256:…`, or its digits, whole or cut short as users type them. */
function isImageId(named: string, id: string | undefined): boolean {
  return named.startsWith('sha256:') || (/^[0-9a-f]{12,64}$/.test(named) && id?.includes(named) === true);
}

/** A colon before a slash is that of a registry's port. */
function splitTag(named: string): { name?: string; tag?: string } {
  const colon = named.lastIndexOf(':');
  if (colon <= named.lastIndexOf('/')) return { name: named };
  return { name: named.slice(0, colon), tag: named.slice(colon + 1) };
}
