import { setTimeout } from 'node:timers/promises';
import { DataPointType, MeterProvider, MetricReader, type MetricData } from '@opentelemetry/sdk-metrics';
import { preparedOutcomes } from '../../src/export/prometheus/prepared-scrapes.ts';
import { refusalReasons } from '../../src/http/refusals.ts';
import type { MetricRow } from '../../src/metrics/listing.ts';
import { prometheusName, type NamedInstrument } from '../../src/metrics/prometheus-names.ts';
import type { ProbeObserver } from '../../src/model/observers.ts';
import { AgentInstruments } from '../../src/self-metrics/agent-instruments.ts';
import {
  AuditInstruments,
  EventLogInstruments,
  PreparedScrapeInstruments,
  RefusalInstruments,
} from '../../src/self-metrics/part-instruments.ts';
import { EventLoopDelay, observeProcess } from '../../src/self-metrics/process.ts';

/** Long enough for the event loop's delay to have been measured. */
const settleMillis = 250;

/** The agent's metrics about itself, found by letting everything happen to it once. */
export async function agentMetrics(): Promise<MetricRow[]> {
  const reader = new PlainReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter('documents');
  const instruments = new AgentInstruments(meter, () => 0);
  const delay = new EventLoopDelay();
  observeProcess(meter, { version: '' }, delay, () => Promise.resolve());
  delay.watch();
  instruments.begin('unix:///run/runtime.sock');
  const eventLogs = new EventLogInstruments(meter);
  eventLogs.begin();
  new RefusalInstruments(meter, refusalReasons).requestRefused('slow_reader');
  new PreparedScrapeInstruments(meter, preparedOutcomes).ended('served');
  const audit = new AuditInstruments(meter);
  audit.begin('unix:///run/runtime.sock');
  audit.metricCompared('unix:///run/runtime.sock', 'memory', 0);
  happen(instruments);
  instruments.exportEnded({ seconds: 1, bytes: 1, rejectedPoints: 1 });
  instruments.exportEnded({ seconds: 1, bytes: 1, rejectedPoints: 1, error: 'timeout' });
  await setTimeout(settleMillis);
  const rows = await reader.rows();
  delay.end();
  return rows;
}

function happen(observer: ProbeObserver): void {
  observer.probeEnded('unix:///run/runtime.sock', 1, false);
  for (const call of ['list', 'inspect', 'stats'] as const)
    observer.callEnded('unix:///run/runtime.sock', call, 1, 'timeout');
  observer.inlineTimedOut('unix:///run/runtime.sock');
}

class PlainReader extends MetricReader {
  async rows(): Promise<MetricRow[]> {
    const { resourceMetrics } = await this.collect();
    return resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .map((metric) => {
        const { name, unit, description } = metric.descriptor;
        const attributes = [...new Set(metric.dataPoints.flatMap((point) => Object.keys(point.attributes)))];
        const kind = kindOf(metric);
        const exposedName = prometheusName({ name, kind, unit }).name;
        const row = { name, exposedName, unit, description, attributes, kind };
        return { ...row, stability: 'extension', source: 'agent', isOn: true };
      });
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function kindOf(metric: MetricData): NamedInstrument['kind'] {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'updowncounter';
  return metric.dataPointType === DataPointType.GAUGE ? 'gauge' : 'histogram';
}
