import { basename, join } from 'node:path';
import { directoriesIn } from '../kernel/open-file.ts';
import type { Watches } from '../kernel/watches.ts';
import { directoryNumbers } from './hierarchies.ts';

/** Pods have a parent each. */
const maxParents = 64;

/** A cgroup in which those of containers are made. */
interface Parent {
  /** Ends its watch; absent where it is not watched. */
  unwatch?: () => void;
  /** Names in it that are containers', as last listed. */
  seen: ReadonlySet<string>;
  /** Each directory in it has a link to it. */
  links: number;
  /** True where something was announced since it was listed, or may have been missed. */
  isChanged: boolean;
}

/** Dependencies of {@link ParentWatches}. */
interface ParentWatchesOptions {
  readonly watches: Watches;
  /** The root of the tree. */
  readonly directory: string;
  readonly isContainer: (name: string) => boolean;
  /** A directory was made or removed in a parent, or that was missed. */
  readonly noticed: (path: string, name: string) => void;
}

/**
 * Notices the cgroups that are made in others. A watch may end with an error, and of announcements that wait the kernel
 * drops those beyond a bound, which Node does not say: a parent in which something changed is listed once a round.
 */
export class ParentWatches {
  readonly #options: ParentWatchesOptions;
  /** By path below the root of the tree. */
  readonly #parents = new Map<string, Parent>();

  constructor(options: ParentWatchesOptions) {
    this.#options = options;
  }

  /** Watches a cgroup from now on; what is in it already is not noticed. */
  add(path: string): void {
    if (this.#parents.has(path) || this.#parents.size >= maxParents) return;
    const directory = this.#directoryOf(path);
    const links = directoryNumbers(directory)?.links;
    if (links === undefined) return;
    const parent = { seen: this.#containersIn(directory), links, isChanged: false };
    this.#parents.set(path, parent);
    this.#watch(path, parent);
  }

  /** Once a round: watches again what is watched no more, and notices what was missed. */
  refresh(): void {
    for (const [path, parent] of this.#parents) {
      const links = directoryNumbers(this.#directoryOf(path))?.links;
      if (links === undefined) this.#forget(path);
      else {
        if (!parent.unwatch) this.#watch(path, parent);
        if (parent.isChanged || links !== parent.links) this.#list(path, parent);
        parent.links = links;
      }
    }
  }

  close(): void {
    for (const path of this.#parents.keys()) this.#forget(path);
  }

  #list(path: string, parent: Parent): void {
    const before = parent.seen;
    parent.isChanged = false;
    parent.seen = this.#containersIn(this.#directoryOf(path));
    for (const name of parent.seen) if (!before.has(name)) this.#options.noticed(path, name);
  }

  #watch(path: string, parent: Parent): void {
    const { watches, noticed } = this.#options;
    const directory = this.#directoryOf(path);
    const announced = (name: string): void => {
      parent.isChanged = true;
      if (name === basename(path) && !directoryNumbers(directory)) this.#forget(path);
      noticed(path, name);
    };
    const unwatch = watches.add(directory, announced, () => {
      delete parent.unwatch;
      parent.isChanged = true;
    });
    if (unwatch) parent.unwatch = unwatch;
  }

  /** It was removed, and may be made again. */
  #forget(path: string): void {
    this.#parents.get(path)?.unwatch?.();
    this.#parents.delete(path);
  }

  #containersIn(directory: string): ReadonlySet<string> {
    return new Set(directoriesIn(directory).filter((name) => this.#options.isContainer(name)));
  }

  #directoryOf(path: string): string {
    return join(this.#options.directory, path);
  }
}
