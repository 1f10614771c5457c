/** The flag of a key, without its dashes: `maxAge` is `max-age`. */
export function flagOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
