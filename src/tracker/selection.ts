import type { ListedContainer } from '../sources/container-source.ts';
import type { SourceCalls } from './source-calls.ts';

/** Decides which containers are measured. */
export interface Selection {
  /** Some rule compares the image: where a runtime lists an id instead, the container is inspected. */
  readonly asksForImage: boolean;
  selects(container: ListedContainer): boolean;
}

const everything: Selection = { asksForImage: false, selects: () => true };

/** The last decision on one listed container; its labels never change. */
interface Verdict {
  readonly listed: ListedContainer;
  /** The image as its user typed it, where the list has its id only. */
  readonly image: string | undefined;
  readonly isSelected: boolean;
}

/** Makes all of these calls, a few at a time. */
type ForEach = <Item>(items: readonly Item[], each: (item: Item) => Promise<void>) => Promise<void>;

/** The selected containers of one runtime: decided anew only when something has changed that rules compare. */
export class SelectedContainers {
  readonly #selection: Selection;
  #verdicts: ReadonlyMap<string, Verdict> = new Map();

  constructor(selection: Selection = everything) {
    this.#selection = selection;
  }

  /** Selected items of the list, without their labels, which only rules need. Never throws. */
  async of(
    listed: readonly ListedContainer[],
    calls: SourceCalls,
    forEach: ForEach,
  ): Promise<readonly ListedContainer[]> {
    const images = await this.#missingImages(listed, calls, forEach);
    const verdicts = listed.map((item) => this.#verdict(item, images.get(item.id)));
    this.#verdicts = new Map(verdicts.map((verdict) => [verdict.listed.id, verdict]));
    return verdicts.flatMap(({ listed: item, isSelected }) => (isSelected ? [item] : []));
  }

  #verdict(item: ListedContainer, asked: string | undefined): Verdict {
    const known = this.#verdicts.get(item.id);
    const image = hasIdOnly(item) ? (asked ?? known?.image) : undefined;
    const { labels, ...slim } = item;
    const isSelected =
      known?.image === image && known && isUnchanged(known.listed, item)
        ? known.isSelected
        : this.#selection.selects({ ...item, ...(image !== undefined && { image }) });
    return { listed: labels ? slim : item, image, isSelected };
  }

  /** An image whose name went to a newer one is listed by its id: its containers are inspected for the name, once. */
  async #missingImages(
    listed: readonly ListedContainer[],
    calls: SourceCalls,
    forEach: ForEach,
  ): Promise<ReadonlyMap<string, string>> {
    const images = new Map<string, string>();
    if (!this.#selection.asksForImage) return images;
    const unknown = listed.filter(
      (item) => hasIdOnly(item) && this.#verdicts.get(item.id)?.image === undefined,
    );
    if (unknown.length === 0) return images;
    await forEach(unknown, async ({ id }) => {
      // Fall back to the listed image when inspect fails.
      const image = await calls.imageOf(id).catch(() => undefined);
      if (image !== undefined) images.set(id, image);
    });
    return images;
  }
}

function hasIdOnly({ image }: ListedContainer): boolean {
  return image?.startsWith('sha256:') === true;
}

function isUnchanged(before: ListedContainer, now: ListedContainer): boolean {
  return before.name === now.name && before.image === now.image && before.status === now.status;
}
