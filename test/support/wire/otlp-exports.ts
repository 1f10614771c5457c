import { performance } from 'node:perf_hooks';
import { ExportResultCode } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { ExportResult } from '../../../src/model/observers.ts';
import { OtlpExporter } from '../../../src/export/otlp/otlp-exporter.ts';
import type { OtlpExporterOptions } from '../../../src/export/otlp/otlp-exporter.ts';
import { ObservedRuntime } from '../fakes/observed-runtime.ts';

/** Settings of an exporter in tests, but for where it exports to. */
export const plainOptions: Omit<OtlpExporterOptions, 'url' | 'observer'> = {
  protocol: 'http/json',
  headers: {},
  compression: 'none',
  requestTimeoutMillis: 5000,
  exportTimeoutMillis: 10_000,
  temporality: 'cumulative',
  histogramAggregation: 'explicit_bucket_histogram',
  layout: 'container',
  tls: {},
  proxy: {},
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/**
 * Exports once to that URL; gives the result that the observer received. Throws unless there is exactly one.
 */
export async function exportOnce(
  url: string,
  collected: ResourceMetrics,
  options: Partial<OtlpExporterOptions> = {},
): Promise<ExportResult & { readonly succeeded: boolean }> {
  const results: ExportResult[] = [];
  const observer = { exportEnded: (result: ExportResult) => void results.push(result) };
  const exporter = new OtlpExporter({ ...plainOptions, url, observer, ...options });
  const code = await new Promise((resolve) => exporter.export(collected, (result) => resolve(result.code)));
  const [result] = results;
  if (!result || results.length > 1) throw new Error(`the observer received ${results.length} exports`);
  return { ...result, succeeded: code === ExportResultCode.SUCCESS };
}

/** As a reader hands it over: under the agent's Resource. */
export function asCollected(scopeMetrics: ScopeMetrics[]): ResourceMetrics {
  return { resource: resourceFromAttributes({ 'service.name': 'tidegauge' }), scopeMetrics };
}

/** A collection of that many running containers, each with some 45 points. */
export async function collectMany(
  count: number,
  change: (runtime: ObservedRuntime) => void = () => undefined,
): Promise<ScopeMetrics[]> {
  const runtime = new ObservedRuntime(Array.from({ length: count }, (_, index) => `container-${index}`));
  const counts = {
    receivedBytes: 2 ** 60,
    receivedPackets: 5,
    receivedErrors: 0,
    transmittedBytes: 7,
    transmittedPackets: 1,
    transmittedErrors: 0,
  };
  const devices = [0, 16].flatMap((minor) =>
    ['read', 'write'].map((operation) => ({ major: 8, minor, operation, value: 4096 })),
  );
  for (const container of runtime.source.containers) {
    container.networks = ['eth0', 'eth1', 'eth2', 'eth3'].map((name) => ({ name, ...counts }));
    container.extra = { blockIo: { serviceBytes: devices, serviced: devices }, pids: { current: 3 } };
  }
  change(runtime);
  await runtime.collect();
  return runtime.collect();
}
