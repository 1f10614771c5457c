import type { ContainerSpec } from './container-spec.ts';
import { createRandom } from './random.ts';
import type { Timeline } from './timeline.ts';

/** How short-lived containers come. */
export interface Churn {
  readonly seed: string;
  readonly everyMillis: number;
  readonly run: (spec: ContainerSpec, at: number) => void;
}

/** Starts a batch job every so often; each ends by itself after some seconds and is removed. */
export function scheduleChurn(timeline: Timeline, { seed, everyMillis, run }: Churn, start: number): void {
  const random = createRandom(`${seed}/churn`);
  const next = (number: number, at: number): void => {
    timeline.schedule(at, (due) => {
      run(batchJob(number, random), due);
      next(number + 1, due + everyMillis);
    });
  };
  next(1, start + everyMillis);
}

function batchJob(number: number, random: () => number): ContainerSpec {
  return {
    name: `thumbnails-${number}`,
    image: 'registry.example/thumbnails:4',
    labels: { 'com.example.job': 'thumbnails' },
    autoRemove: true,
    load: { cpus: 0.2 + random() },
    ending: { afterMillis: 500 + Math.floor(random() * 9000), exitCode: random() < 0.15 ? 2 : 0 },
  };
}
