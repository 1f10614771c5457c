import { endpointKey } from '../model/runtime.ts';
import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import type { ReceivedEvent } from '../model/events.ts';
import type {
  SourceCall,
  EventObserver,
  ExportObserver,
  ExportResult,
  ProbeObserver,
} from '../model/observers.ts';

/** docker_exporter's buckets in seconds: 0.5 × 1.5^k. */
export const probeBuckets = Array.from({ length: 14 }, (_, exponent) => 0.5 * 1.5 ** exponent);

/** Error types that start at 0; the others are rare enough to appear when they occur. */
const commonErrors = ['unreachable', 'timeout', 'runtime-error', 'bad-response'];

const refusals = ['too-large', 'too-deep', 'malformed'];

const sourceCalls: readonly SourceCall[] = ['describe', 'list', 'inspect', 'stats'];

const callTitles: Readonly<Record<SourceCall, string>> = {
  describe: 'calls for the version and the host of a runtime',
  list: 'list calls',
  inspect: 'inspect calls of one container',
  stats: 'readings of one container’s usage, by the kernel’s files or by a stats call to the runtime',
};

/**
 * The agent's own instruments: durations of probes and calls, failures, results of exports. Low cardinality.
 */
export class AgentInstruments implements ProbeObserver, EventObserver, ExportObserver {
  readonly #probe: Histogram;
  readonly #calls: Readonly<Record<SourceCall, { duration: Histogram; errors: Counter }>>;
  readonly #probeErrors: Counter;
  readonly #inlineTimeouts: Counter;
  readonly #refused: Counter;
  readonly #events: Counter;
  readonly #eventGaps: Counter;
  readonly #exports: Counter;
  readonly #exportFailures: Counter;
  readonly #exportDuration: Histogram;
  readonly #rejectedPoints: Counter;
  readonly #exportedBytes: Counter;
  #lastExport: number | undefined;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch. */
  constructor(meter: Meter, now: () => number) {
    this.#now = now;
    this.#probe = durations(meter, 'tidegauge.probe.duration', 'Duration of whole probes');
    this.#probeErrors = meter.createCounter(
      'tidegauge.probe.errors',
      counted('{error}', 'Probes that failed'),
    );
    const timeouts = counted(
      '{timeout}',
      'Callers that were served older values because a probe took too long',
    );
    this.#inlineTimeouts = meter.createCounter('tidegauge.probe.inline_timeouts', timeouts);
    const refused = counted(
      '{container}',
      'Containers that lists had and that are not measured: too-large, too-deep or malformed',
    );
    this.#refused = meter.createCounter('tidegauge.containers.refused', refused);
    this.#calls = {
      describe: callInstruments(meter, 'describe'),
      list: callInstruments(meter, 'list'),
      inspect: callInstruments(meter, 'inspect'),
      stats: callInstruments(meter, 'stats'),
    };
    this.#events = meter.createCounter(
      'tidegauge.events.received',
      counted('{event}', "Events of containers received on the runtime's stream, repeated ones left out"),
    );
    const gaps = counted('{gap}', 'Breaks of the stream of events in which some may have been missed');
    this.#eventGaps = meter.createCounter('tidegauge.events.gaps', gaps);
    this.#exports = meter.createCounter(
      'tidegauge.export.attempts',
      counted('{export}', 'Exports begun over OTLP'),
    );
    this.#exportFailures = meter.createCounter(
      'tidegauge.export.failures',
      counted('{export}', 'Exports that failed'),
    );
    this.#exportDuration = durations(
      meter,
      'tidegauge.export.duration',
      'Duration of exports, retries included',
    );
    const rejected = counted('{point}', 'Points that the collector refused in a partial success');
    this.#rejectedPoints = meter.createCounter('tidegauge.export.rejected_points', rejected);
    const bytes = counted('By', 'Bytes exported, before compression');
    this.#exportedBytes = meter.createCounter('tidegauge.export.bytes', bytes);
    this.#observeLastExport(meter);
  }

  /** Lets the error counters of a runtime begin at 0: a counter that first appears at 1 has no increase. */
  begin(runtime: string): void {
    for (const counter of [this.#probeErrors, this.#inlineTimeouts, this.#events, this.#eventGaps])
      counter.add(0, { [endpointKey]: runtime });
    for (const type of refusals) this.#refused.add(0, { [endpointKey]: runtime, 'error.type': type });
    for (const call of sourceCalls) {
      for (const type of commonErrors)
        this.#calls[call].errors.add(0, { [endpointKey]: runtime, 'error.type': type });
    }
  }

  probeEnded(runtime: string, seconds: number, succeeded: boolean): void {
    this.#probe.record(seconds, { [endpointKey]: runtime });
    if (!succeeded) this.#probeErrors.add(1, { [endpointKey]: runtime });
  }

  callEnded(runtime: string, call: SourceCall, seconds: number, error?: string): void {
    const { duration, errors } = this.#calls[call];
    duration.record(seconds, { [endpointKey]: runtime });
    if (error !== undefined) errors.add(1, { [endpointKey]: runtime, 'error.type': error });
  }

  inlineTimedOut(runtime: string): void {
    this.#inlineTimeouts.add(1, { [endpointKey]: runtime });
  }

  containerRefused(runtime: string, reason: string): void {
    this.#refused.add(1, { [endpointKey]: runtime, 'error.type': reason });
  }

  listening(_runtime: string, _isListening: boolean): void {}

  eventReceived({ runtime }: ReceivedEvent): void {
    this.#events.add(1, { [endpointKey]: runtime.name });
  }

  eventsMissed(runtime: string): void {
    this.#eventGaps.add(1, { [endpointKey]: runtime });
  }

  exportEnded({ error, seconds, bytes, rejectedPoints }: ExportResult): void {
    this.#exports.add(1);
    this.#exportDuration.record(seconds);
    this.#exportedBytes.add(bytes);
    this.#rejectedPoints.add(rejectedPoints);
    if (error === undefined) this.#lastExport = this.#now();
    else this.#exportFailures.add(1, { 'error.type': error });
  }

  #observeLastExport(meter: Meter): void {
    const options = { unit: 's', description: 'When the last successful export ended, in Unix time' };
    meter.createObservableGauge('tidegauge.export.last_success_time', options).addCallback((result) => {
      if (this.#lastExport !== undefined) result.observe(this.#lastExport / 1000);
    });
  }
}

function callInstruments(
  meter: Meter,
  call: SourceCall,
): { duration: Histogram; errors: Counter<Attributes> } {
  const title = callTitles[call];
  return {
    duration: durations(meter, `tidegauge.${call}.duration`, `Duration of ${title}`),
    errors: meter.createCounter(`tidegauge.${call}.errors`, counted('{error}', `Failed ${title}, by type`)),
  };
}

function durations(meter: Meter, name: string, description: string): Histogram {
  return meter.createHistogram(name, {
    unit: 's',
    description,
    advice: { explicitBucketBoundaries: probeBuckets },
  });
}

function counted(unit: string, description: string): { unit: string; description: string } {
  return { unit, description };
}
