import type { Measurement } from '../measurement.ts';
import type { AgentName, Exports, Part, RuntimeName } from '../plan.ts';
import type { Result } from '../results.ts';

/** Windows of one agent in one place. */
export interface Where {
  readonly part: Part;
  readonly runtime: RuntimeName;
  readonly agent: AgentName;
  readonly exports?: Exports;
  readonly containers?: number;
}

/** The results of an agent's windows. */
export function windowsOf(
  results: readonly Result[],
  { part, runtime, agent, exports, containers }: Where,
): readonly (Result & { readonly measurement: Measurement })[] {
  return results.flatMap((result) => {
    const { step, measurement } = result;
    if (!measurement || step.part !== part || step.runtime !== runtime || step.agent !== agent) return [];
    if (exports !== undefined && step.exports !== exports) return [];
    if (containers !== undefined && step.containers !== containers) return [];
    return [{ ...result, measurement }];
  });
}

/** A value of one agent as a share of another's in the same repetition, for each repetition that has both. */
export function ratiosOf(
  results: readonly Result[],
  [ours, peer]: readonly [Where, Where],
  valueOf: (measurement: Measurement) => number,
): readonly number[] {
  const peers = windowsOf(results, peer);
  return windowsOf(results, ours).flatMap(({ step, measurement }) => {
    const beside = peers.find((each) => each.step.repetition === step.repetition);
    return beside ? [valueOf(measurement) / valueOf(beside.measurement)] : [];
  });
}
