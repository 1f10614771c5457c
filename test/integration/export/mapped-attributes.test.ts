import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { requestsOf } from '../../../src/export/otlp/requests.ts';
import type { OtlpLayout } from '../../../src/export/otlp/requests.ts';
import { renderCollected } from '../../../src/export/prometheus/scrape-source.ts';
import type { ExpositionFormat } from '../../../src/export/prometheus/text-format.ts';
import { prometheusLabel } from '../../../src/metrics/prometheus-names.ts';
import { mapperWith, ruleOf } from '../../support/fakes/attribute-mapper.ts';
import { ObservedRuntime } from '../../support/fakes/observed-runtime.ts';
import { skipUnless } from '../../support/real/component.ts';
import { parseOpenMetrics, parsePrometheusText, type ParsedFamily } from '../../support/real/python.ts';
import { asCollected } from '../../support/wire/otlp-exports.ts';

const special = fc.constantFrom(
  '"',
  '\\',
  '\n',
  '\r',
  '\0',
  '{',
  '}',
  ',',
  '=',
  '\uD800',
  '😀',
  ' ',
  '#',
  '.',
  '_',
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.string({ unit: special, maxLength: 10 }),
  fc.constantFrom(
    'a.b',
    'a_b',
    'le',
    'container_runtime_endpoint',
    'container_name',
    'cpu.mode',
    '__name__',
    '__proto__',
    '9',
  ),
);
const anyLabels = fc.dictionary(anyText, anyText, { maxKeys: 6 });
const manyLabels = fc.sample(anyLabels, { numRuns: 200, seed: 20261125 });

/** Containers with these labels, each of which is an attribute of the resource and, by the same name, of each point. */
async function observed(): Promise<{
  scopes: ScopeMetrics[];
  pointsOf: (name: string) => Map<string, string>;
}> {
  const rules = [ruleOf('/(?s)^(.*)$/=$1', 'label', 'point'), ruleOf('*', 'label')];
  const mapper = mapperWith({ rules });
  const names = manyLabels.map((_, index) => `c${index}`);
  const runtime = new ObservedRuntime(names, 'semconv', undefined, mapper);
  for (const [index, labels] of manyLabels.entries()) {
    const wellFormed = Object.entries(labels).map(([key, value]) => [
      key.toWellFormed(),
      value.toWellFormed(),
    ]);
    runtime.container(`c${index}`).labels = Object.fromEntries(wellFormed);
  }
  const scopes = await runtime.collect();
  const pointsOf = (name: string): Map<string, string> =>
    new Map(Object.entries(runtime.snapshot(name)?.identity.mapped?.point ?? {}));
  return { scopes, pointsOf };
}

async function rendered(scopes: ScopeMetrics[], format: ExpositionFormat): Promise<string> {
  let text = '';
  for await (const chunk of renderCollected(asCollected(scopes), new Map(), { format, created: true }))
    text += chunk;
  return text;
}

/** The labels that a container's attributes should come to, each name once. */
function expectedLabels(attributes: ReadonlyMap<string, string>): Record<string, string> {
  const labels = Object.fromEntries([...attributes].map(([key, value]) => [prometheusLabel(key), value]));
  assert.equal(Object.keys(labels).length, attributes.size);
  return labels;
}

test(
  'whatever labels are, both parsers read them back from every series, and no series comes twice',
  { skip: skipUnless('python') },
  async () => {
    const { scopes, pointsOf } = await observed();
    const text = await rendered(scopes, 'text');
    const openmetrics = await rendered(scopes, 'openmetrics');
    const parsed = [await parsePrometheusText(text), await parseOpenMetrics(openmetrics)];
    for (const families of parsed) assertLabels(families, pointsOf);
    for (const exposition of [text, openmetrics]) {
      const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      assert.equal(new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' ')))).size, lines.length);
    }
  },
);

function assertLabels(
  families: readonly ParsedFamily[],
  pointsOf: (name: string) => Map<string, string>,
): void {
  let compared = 0;
  for (const { labels } of families.flatMap(({ samples }) => samples)) {
    const name = labels['container_name'];
    if (name === undefined) continue;
    assert.match(name, /^c\d+$/, 'the identity wins');
    for (const [label, value] of Object.entries(expectedLabels(pointsOf(name)))) {
      assert.equal(labels[label], value, label);
      compared += 1;
    }
  }
  assert.ok(compared > 500, `${compared}`);
}

for (const layout of ['container', 'flat'] satisfies OtlpLayout[]) {
  test(`${layout}: every point carries what its container’s labels say, and keeps its own attributes`, async () => {
    const { scopes, pointsOf } = await observed();
    let compared = 0;
    for (const { resource, scopeMetrics } of [...requestsOf(asCollected(scopes), layout)].flat()) {
      const points = scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ dataPoints }) => [...dataPoints]),
      );
      for (const { attributes } of points) {
        const name = resource.attributes['container.name'] ?? attributes['container.name'];
        if (typeof name !== 'string') continue;
        assert.match(name, /^c\d+$/);
        for (const [key, value] of pointsOf(name)) assert.equal(attributes[key], value, key);
        compared += pointsOf(name).size;
      }
      const modes = points
        .map(({ attributes }) => attributes['cpu.mode'])
        .filter((mode) => mode !== undefined);
      assert.ok(modes.every((mode) => mode === 'user' || mode === 'system'));
    }
    assert.ok(compared > 500, `${compared}`);
  });
}
