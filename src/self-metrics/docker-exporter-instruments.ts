import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { SourceCall, ProbeObserver } from '../model/observers.ts';
import { dockerExporterOwn } from '../metrics/docker-exporter/profile.ts';
import type { OwnMetric } from '../metrics/docker-exporter/profile.ts';
import { probeBuckets } from './agent-instruments.ts';

/** docker_exporter's own instruments, under its names, with its buckets and without attributes. */
export class DockerExporterInstruments implements ProbeObserver {
  readonly #probe: Histogram;
  readonly #calls: Readonly<Record<Exclude<SourceCall, 'describe'>, Histogram>>;
  readonly #listFailures: Counter;
  readonly #inlineTimeouts: Counter;

  constructor(meter: Meter) {
    const { probe, list, inspect, stats, listFailures, inlineTimeouts } = dockerExporterOwn;
    this.#probe = histogram(meter, probe);
    this.#calls = {
      list: histogram(meter, list),
      inspect: histogram(meter, inspect),
      stats: histogram(meter, stats),
    };
    this.#listFailures = begun(meter, listFailures);
    this.#inlineTimeouts = begun(meter, inlineTimeouts);
  }

  probeEnded(_runtime: string, seconds: number): void {
    this.#probe.record(seconds);
  }

  callEnded(_runtime: string, call: SourceCall, seconds: number, error?: string): void {
    // docker_exporter's probe begins with the list: a runtime that is away fails it.
    if (call === 'describe' && error === undefined) return;
    const own = call === 'describe' ? 'list' : call;
    this.#calls[own].record(seconds);
    if (own === 'list' && error !== undefined) this.#listFailures.add(1);
  }

  inlineTimedOut(): void {
    this.#inlineTimeouts.add(1);
  }
}

function histogram(meter: Meter, { name, description }: OwnMetric): Histogram {
  return meter.createHistogram(name, { description, advice: { explicitBucketBoundaries: probeBuckets } });
}

/** A counter that shows 0 from the start, as prometheus-net has it. */
function begun(meter: Meter, { name, description }: OwnMetric): Counter {
  const counter = meter.createCounter(name, { description });
  counter.add(0);
  return counter;
}
