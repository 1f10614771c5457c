import type { Attributes } from '../model/instrument.ts';

/** Hosts have a handful of devices and interface names; hostile ones may not fill the memory. */
const mostNames = 1000;

/**
 * Makes attributes of a name and a direction, the same object for the same two: hundreds of containers have an
 * `eth0`, and a reader that meets a known object need not write it out again.
 */
export function sharedAttributes(
  nameKey: string,
  directionKey: string,
): (name: string, direction: string) => Attributes {
  const known = new Map<string, Map<string, Attributes>>();
  return (name, direction) => {
    if (known.size > mostNames) known.clear();
    const directions = known.get(name) ?? new Map<string, Attributes>();
    known.set(name, directions);
    const attributes = directions.get(direction) ?? { [nameKey]: name, [directionKey]: direction };
    directions.set(direction, attributes);
    return attributes;
  };
}
