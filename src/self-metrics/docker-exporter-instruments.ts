import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { EngineCall, ProbeObserver } from '../model/observers.ts';
import { probeBuckets } from './agent-instruments.ts';

/** Its own metrics, apart from the catalogue: they are of what happens, not of a container or an engine. */
export const dockerExporterOwn = {
  probe: {
    kind: 'histogram',
    name: 'docker_probe_duration_seconds',
    description: 'How long it takes to query Docker for the complete data set',
  },
  list: {
    kind: 'histogram',
    name: 'docker_probe_list_containers_duration_seconds',
    description: 'How long it takes to list the containers',
  },
  inspect: {
    kind: 'histogram',
    name: 'docker_probe_inspect_duration_seconds',
    description: 'How long it takes to inspect one container',
  },
  stats: {
    kind: 'histogram',
    name: 'docker_probe_stats_duration_seconds',
    description: 'How long it takes to get the stats of one container',
  },
  listFailures: {
    kind: 'counter',
    name: 'docker_probe_list_containers_failed_total',
    description: 'Failed attempts to list the containers',
  },
  inlineTimeouts: {
    kind: 'counter',
    name: 'docker_probe_inline_timeouts_total',
    description: 'Scrapes answered before the probe had ended',
  },
} as const satisfies Readonly<Record<string, OwnMetric>>;

interface OwnMetric {
  readonly kind: 'histogram' | 'counter';
  readonly name: string;
  readonly description: string;
}

/** docker_exporter's own instruments, under its names, with its buckets and without attributes. */
export class DockerExporterInstruments implements ProbeObserver {
  readonly #probe: Histogram;
  readonly #calls: Readonly<Record<EngineCall, Histogram>>;
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

  probeEnded(_engine: string, seconds: number): void {
    this.#probe.record(seconds);
  }

  callEnded(_engine: string, call: EngineCall, seconds: number, error?: string): void {
    this.#calls[call].record(seconds);
    if (call === 'list' && error !== undefined) this.#listFailures.add(1);
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
