import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Resource } from '@opentelemetry/resources';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { Families } from './families.ts';
import { headLines } from './family.ts';
import type { FamilyHead, LiteralNames } from './family.ts';
import { AttributeLabels, labelScopes } from './labels.ts';
import { partsOf, sample } from './samples.ts';
import type { SampleOptions } from './samples.ts';
import type { ExpositionFormat } from './text-format.ts';

/** About 1 ms of work: twenty scrapes at once still leave the event loop turning. */
const charactersPerTurn = 48 * 1024;
const scopesPerTurn = 200;

/** What is shown to a scraper. */
export interface ExpositionInput {
  /** Container-major: one ScopeMetrics per container, and the agent's own. Its resource becomes `target_info`. */
  readonly resourceMetrics: ResourceMetrics;
  /** Identity labels of a container's or an engine's scope, as Prometheus names them; undefined for the agent's own scopes. */
  readonly labelsOf: (scope: ScopeMetrics) => Readonly<Record<string, string>> | undefined;
  /** Metrics exposed verbatim: no suffixes, the type as given, no identity labels. */
  readonly literal: LiteralNames;
}

/** How it is shown. */
export interface ExpositionOptions extends SampleOptions {
  /** Hears the name of each family that is left out because another one has its name already. */
  readonly onConflict?: (name: string) => void;
}

/**
 * Renders an exposition, family by family, in chunks of some tens of KB, and lets the event loop turn after each.
 * Nothing is rendered before it is asked for, so a slow reader holds the rendering back and one that leaves ends it.
 */
export async function* renderExposition(
  input: ExpositionInput,
  options: ExpositionOptions,
): AsyncGenerator<string> {
  const { format } = options;
  let chunk = targetLines(input.resourceMetrics.resource, format);
  for (const family of await familiesOf(input, options)) {
    let head = headLines(family.head, format);
    for (const lines of partsOf(family, options)) {
      if (lines === '') continue;
      chunk += head + lines;
      head = '';
      if (chunk.length < charactersPerTurn) continue;
      yield chunk;
      chunk = '';
      await nextTurn();
    }
  }
  yield format === 'openmetrics' ? `${chunk}# EOF\n` : chunk;
}

async function familiesOf(
  { resourceMetrics, labelsOf, literal }: ExpositionInput,
  { format, onConflict }: ExpositionOptions,
): Promise<Families> {
  const { scopeMetrics } = resourceMetrics;
  const families = new Families({ literal, format, onConflict });
  families.reserve(targetHead(format));
  const labels = labelScopes(scopeMetrics, labelsOf);
  for (const [index, scope] of scopeMetrics.entries()) {
    const scopeLabels = labels[index];
    if (scopeLabels) families.add(scope, scopeLabels);
    if (index % scopesPerTurn === scopesPerTurn - 1) await nextTurn();
  }
  return families;
}

const sampleName = 'target_info';
const described = { sampleName, unit: '', help: 'Target metadata' };

/** The family that tells who is scraped: OpenMetrics has a type of its own for it. */
function targetHead(format: ExpositionFormat): FamilyHead {
  if (format === 'text') return { ...described, name: sampleName, type: 'gauge' };
  return { ...described, name: 'target', type: 'info' };
}

/** The agent's own resource as labels; nothing for an empty resource. OpenMetrics wants it before all others. */
function targetLines({ attributes }: Resource, format: ExpositionFormat): string {
  const labels = new AttributeLabels().of(attributes).text;
  return labels === '' ? '' : headLines(targetHead(format), format) + sample(sampleName, labels, '1');
}
