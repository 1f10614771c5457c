import { compileExclusions } from '../config/receiver/excluded-images.ts';
import type { Selectable, SelectionRule } from '../config/types/selection-rule.ts';
import { compileRule } from '../config/types/selection-rule.ts';

/** The settings that decide which containers are measured. */
export interface SelectionSettings {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly enableByDefault: boolean;
  readonly stoppedContainers: boolean;
  /** A receiver's block excludes images by rules of its own. */
  readonly dockerStats?: { readonly excluded_images?: readonly string[] | null | undefined } | undefined;
}

/** Decides which containers are measured and published. */
export interface Selection {
  /** Some rule looks at the image: a runtime that lists an id instead is to be asked for more. */
  readonly asksForImage: boolean;
  selects(container: Selectable): boolean;
}

/** By this label a container decides for itself. */
const enableLabel = 'tidegauge.enable';

/** States of containers that have no process, nor will have one soon by themselves. */
const stopped: ReadonlySet<string | undefined> = new Set(['created', 'exited', 'dead', 'removing']);

/**
 * Compiles a selection. A container is out when its label or its state says so, or when any rule excludes it; else it
 * needs a match among the includes of each kind that has some.
 */
export function selectionOf(settings: SelectionSettings): Selection {
  const excludes = [...(settings.exclude ?? []).map(compileRule), ...blockRules(settings)];
  const includes = [...Map.groupBy((settings.include ?? []).map(compileRule), ({ kind }) => kind).values()];
  return {
    asksForImage: [...excludes, ...includes.flat()].some(({ kind }) => kind === 'image'),
    selects: (container) =>
      isEnabled(container, settings.enableByDefault) &&
      (settings.stoppedContainers || !stopped.has(container.status)) &&
      !matchesAny(excludes, container) &&
      includes.every((ofOneKind) => matchesAny(ofOneKind, container)),
  };
}

function blockRules({ dockerStats }: SelectionSettings): SelectionRule[] {
  const items = dockerStats?.excluded_images ?? [];
  if (items.length === 0) return [];
  const isExcluded = compileExclusions(items);
  return [{ kind: 'image', matches: ({ image = '' }) => isExcluded(image) }];
}

/** Any other value than the two words says nothing. */
function isEnabled({ labels }: Selectable, byDefault: boolean): boolean {
  const value = labels?.[enableLabel];
  const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  if (word === 'true') return true;
  return word === 'false' ? false : byDefault;
}

function matchesAny(rules: readonly SelectionRule[], container: Selectable): boolean {
  return rules.some((rule) => rule.matches(container));
}
