import type { EngineDescription } from '../model/runtime.ts';
import type { EngineCalls } from './source-calls.ts';

/** The engine's version and host are asked again this often, and after each failure. */
const maxAgeMillis = 10 * 60_000;

/** An engine as it last described itself. */
export class DescribedEngine {
  #engine: EngineDescription;
  #describedAt = Number.NEGATIVE_INFINITY;

  constructor(name: string) {
    this.#engine = { name, runtimeName: 'docker', warnings: [] };
  }

  /** Before its first answer no more than its name. */
  get engine(): EngineDescription {
    return this.#engine;
  }

  /** Asks it, where its last answer is old. Throws SourceError. */
  async refresh(calls: EngineCalls, monotonicMillis: number): Promise<void> {
    if (monotonicMillis - this.#describedAt < maxAgeMillis) return;
    this.#engine = await calls.describe();
    this.#describedAt = monotonicMillis;
  }

  /** It may be another one by now. */
  doubt(): void {
    this.#describedAt = Number.NEGATIVE_INFINITY;
  }
}
