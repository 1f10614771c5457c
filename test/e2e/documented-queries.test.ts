import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startSimulatedEngine } from '../../src/simulator/start.ts';
import { startAgent } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import { startPrometheus, type PrometheusSeries } from '../support/real/prometheus.ts';

/** Every PromQL block of the page on Prometheus. */
const page = readFileSync(join(import.meta.dirname, '../../docs/prometheus.md'), 'utf8');
const queries = [...page.matchAll(/^```promql\n(.+?)\n```$/gms)].map(([, query = '']) => query);

const ownerId = 'a'.repeat(64);
const specs = [
  { name: 'vpn', id: ownerId },
  ...['client', 'proxy'].map((name) => ({ name, networks: [`container:${ownerId}`] })),
  { name: 'alone' },
];
const named = ['alone', 'client', 'proxy', 'vpn'];

test(
  'the queries of docs/prometheus.md give what the page says',
  { skip: skipUnless('prometheus') },
  async () => {
    await using runtime = await startSimulatedEngine({ specs });
    await using agent = await startAgent({ args: [`--docker-url=${runtime.url}`, '--exporter=prometheus'] });
    await using prometheus = await startPrometheus({ targets: [agent.metricsUrl] });
    const [workingSet = '', received = '', ...others] = queries;
    assert.deepEqual(others, [], 'each query of the page has its expectation here');

    const memory = await prometheus.waitFor(workingSet, (series) => series.length === named.length);
    assert.deepEqual(namesIn(memory), named);
    for (const { metric } of memory) assert.ok(metric['container_image_name']);

    // A rate needs two scrapes.
    const shared = await prometheus.waitFor(received, (series) => series.some(({ value }) => value > 0));
    assert.deepEqual(namesIn(shared), ['client', 'proxy']);
    for (const { metric } of shared) assert.equal(metric['container_network_owner_id'], ownerId);
    assert.equal(new Set(shared.map(({ value }) => value)).size, 1, 'both have the value of the namespace');
  },
);

function namesIn(series: readonly PrometheusSeries[]): readonly string[] {
  return series.map(({ metric }) => metric['container_name'] ?? '').toSorted();
}
