import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { anonymous, identityOf, type Identity } from './exposition-identity.ts';
import { AttributeLabels } from './labels.ts';

/** How the series of one scope are labelled. */
export interface ScopeLabels {
  readonly identity: Identity;
  readonly attributes: AttributeLabels;
  /** A histogram's: its buckets have a label of their own. */
  readonly histogramAttributes: AttributeLabels;
  /** Another scope has the same identity, so that two scopes may hold the same series. */
  readonly isShared: boolean;
}

type LabelsOf = (scope: ScopeMetrics) => Readonly<Record<string, string>> | undefined;
type Writers = Pick<ScopeLabels, 'attributes' | 'histogramAttributes'>;

/** The labels of each scope, in the scopes' order. Scopes whose identities have the same label names share their writers. */
export function labelScopes(scopes: readonly ScopeMetrics[], labelsOf: LabelsOf): ScopeLabels[] {
  const writers = new Map<string, Writers>();
  const identities = scopes.map((scope) => {
    const labels = labelsOf(scope);
    return labels ? identityOf(labels) : anonymous;
  });
  const uses = new Map<string, number>();
  for (const { text } of identities) uses.set(text, (uses.get(text) ?? 0) + 1);
  return identities.map((identity) => ({
    identity,
    ...writersOf(writers, identity.names),
    isShared: (uses.get(identity.text) ?? 0) > 1,
  }));
}

/** The labels of literal metrics: all their series share an identity that is empty, and their keys are names of labels already. */
export function labelAnonymous(): ScopeLabels {
  const attributes = new AttributeLabels([], (key) => key);
  return { identity: anonymous, attributes, histogramAttributes: attributes, isShared: true };
}

function writersOf(known: Map<string, Writers>, names: readonly string[]): Writers {
  const key = names.join();
  const writers = known.get(key) ?? {
    attributes: new AttributeLabels(names),
    histogramAttributes: new AttributeLabels([...names, 'le']),
  };
  known.set(key, writers);
  return writers;
}
