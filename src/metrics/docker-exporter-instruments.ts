import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { EngineCall, ProbeObserver } from '../model/probe-observer.ts';
import { probeBuckets } from './agent-instruments.ts';

/** docker_exporter's own instruments, under its names, with its buckets and without attributes. */
export class DockerExporterInstruments implements ProbeObserver {
  readonly #probe: Histogram;
  readonly #calls: Readonly<Record<EngineCall, Histogram>>;
  readonly #listFailures: Counter;
  readonly #inlineTimeouts: Counter;

  constructor(meter: Meter) {
    const histogram = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { description, advice: { explicitBucketBoundaries: probeBuckets } });
    this.#probe = histogram(
      'docker_probe_duration_seconds',
      'How long it takes to query Docker for the complete data set',
    );
    this.#calls = {
      list: histogram(
        'docker_probe_list_containers_duration_seconds',
        'How long it takes to list the containers',
      ),
      inspect: histogram(
        'docker_probe_inspect_duration_seconds',
        'How long it takes to inspect one container',
      ),
      stats: histogram(
        'docker_probe_stats_duration_seconds',
        'How long it takes to get the stats of one container',
      ),
    };
    this.#listFailures = begun(
      meter,
      'docker_probe_list_containers_failed_total',
      'Failed attempts to list the containers',
    );
    this.#inlineTimeouts = begun(
      meter,
      'docker_probe_inline_timeouts_total',
      'Scrapes answered before the probe had ended',
    );
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

/** A counter that shows 0 from the start, as prometheus-net has it. */
function begun(meter: Meter, name: string, description: string): Counter {
  const counter = meter.createCounter(name, { description });
  counter.add(0);
  return counter;
}
