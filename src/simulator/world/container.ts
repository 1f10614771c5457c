import type { CompleteSpec } from './container-spec.ts';
import { type ContainerState, hasProcesses } from './container-state.ts';
import { createWorkload, type ContainerUsage, type HostSize, type Workload } from './workload.ts';

/** Properties of a container that are fixed at its creation. */
export interface ContainerBirth {
  readonly id: string;
  readonly spec: CompleteSpec;
  readonly createdAt: number;
  readonly seed: string;
  readonly host: HostSize;
  /** Place among all containers ever created; gives addresses. */
  readonly ordinal: number;
}

/** One container: its spec, its present state and the workload of its present run. */
export class SimulatedContainer {
  readonly id: string;
  readonly createdAt: number;
  readonly ordinal: number;
  readonly #birth: ContainerBirth;
  #spec: CompleteSpec;
  #name: string;
  #state: ContainerState;
  #workload: Workload | undefined;

  constructor(birth: ContainerBirth, state: ContainerState) {
    this.id = birth.id;
    this.createdAt = birth.createdAt;
    this.ordinal = birth.ordinal;
    this.#birth = birth;
    this.#spec = birth.spec;
    this.#name = birth.spec.name;
    this.#state = state;
  }

  /** Without the slash that the Engine puts in front. */
  get name(): string {
    return this.#name;
  }

  get spec(): CompleteSpec {
    return this.#spec;
  }

  /** A new object after each change of anything that an answer shows, so answers may be cached under it. */
  get state(): ContainerState {
    return this.#state;
  }

  become(state: ContainerState): void {
    if (state.run !== this.#state.run) this.#workload = undefined;
    this.#state = state;
  }

  rename(name: string): void {
    this.#name = name;
    this.#state = { ...this.#state };
  }

  respecify(spec: CompleteSpec): void {
    this.#spec = spec;
    this.#state = { ...this.#state };
    this.#workload = undefined;
  }

  /** Usage at that time (ms); absent while there are no processes. Before the start it is that at the start. */
  usageAt(at: number): ContainerUsage | undefined {
    const { startedAt, pausedAt, pausedMillis } = this.#state;
    if (startedAt === undefined || !hasProcesses(this.#state)) return undefined;
    const { seed, host } = this.#birth;
    this.#workload ??= createWorkload(`${seed}/${this.id}/${this.#state.run}`, this.#spec, host);
    const end = Math.min(at, pausedAt ?? at);
    return this.#workload(Math.max(0, end - startedAt - pausedMillis) / 1000);
  }
}
