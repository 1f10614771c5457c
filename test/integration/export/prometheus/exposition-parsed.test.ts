import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import fc from 'fast-check';
import { skipUnless } from '../../../support/real/component.ts';
import { promtoolCheckMetrics } from '../../../support/real/prometheus.ts';
import { parseOpenMetrics, parsePrometheusText, type ParsedFamily } from '../../../support/real/python.ts';
import {
  histogram,
  inputOf,
  metric,
  rendered,
  type HandMade,
  type Point,
} from '../../../support/wire/exposition-input.ts';

const special = fc.constantFrom('"', '\\', '\n', '\r', '\0', '{', '}', ',', '=', '\uD800', '😀', ' ', '#');
const anyText = fc.oneof(
  { arbitrary: fc.string({ unit: 'binary', maxLength: 12 }), weight: 30 },
  { arbitrary: fc.string({ unit: special, maxLength: 12 }), weight: 30 },
  { arbitrary: fc.constant('x"'.repeat(32 * 1024)), weight: 1 },
);
const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(NaN, Infinity, -0, 2 ** 53, 1e21));
const anyName = fc.oneof(
  anyText.filter((name) => name.length < 100),
  fc.constantFrom('a.b', 'a_b', 'a_b_total', 'a_b_count', 'le'),
);
const anyPoint: fc.Arbitrary<Point> = fc.tuple(anyNumber, fc.dictionary(anyName, anyText, { maxKeys: 3 }));
const anyUnit = fc.constantFrom('', '1', 'By', 's', 'By/s', '%', '{thing}', 'weird unit!');
const anyDescribed = fc.record({ name: anyName, unit: anyUnit, description: anyText });
const anyMetric = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('counter' as const, 'updowncounter' as const, 'gauge' as const),
      anyDescribed,
      fc.array(anyPoint, { maxLength: 3 }),
    )
    .map(([kind, described, points]) => metric(kind, described, points)),
  fc
    .tuple(anyDescribed, fc.dictionary(anyName, anyText, { maxKeys: 2 }), fc.integer({ min: -3, max: 3 }))
    .map(([described, attributes, low]) =>
      histogram(described, [{ boundaries: [low, low + 1.5], counts: [1, 0, 2], sum: 3 * low, attributes }]),
    ),
);
const anyIdentity = fc.option(fc.record({ container_name: anyText, container_id: anyText }), {
  nil: undefined,
});
const anyInput: fc.Arbitrary<HandMade> = fc.record({
  scopes: fc.array(
    fc
      .tuple(anyIdentity, fc.array(anyMetric, { maxLength: 4 }))
      .map(([labels, metrics]) => [labels, ...metrics] as const),
    { maxLength: 4 },
  ),
  resource: fc.dictionary(anyName, anyText, { maxKeys: 3 }),
});
const manyInputs = fc.sample(anyInput, { numRuns: 150, seed: 20261123 });

test(
  'whatever is measured, a strict OpenMetrics parser reads it',
  { skip: skipUnless('python') },
  async () => {
    for (const handMade of manyInputs) {
      const exposition = await rendered(handMade, { format: 'openmetrics', created: true });
      assert.doesNotMatch(exposition, /\n\n/);
      assertNoSeriesTwice(exposition);
    }
    await Promise.all(
      spread(manyInputs, 10).map(async (handMade) => {
        const exposition = await rendered(handMade, { format: 'openmetrics', created: true });
        const families = await parseOpenMetrics(exposition);
        assert.equal(samplesOf(families), sampleLines(exposition).length, JSON.stringify(exposition));
      }),
    );
  },
);

test(
  'whatever is measured, the text parser reads every label value back',
  { skip: skipUnless('python') },
  async () => {
    const values = fc.sample(
      anyText.filter((text) => text !== ''),
      { numRuns: 400, seed: 7 },
    );
    const points = values.map((text, index): Point => [index, { text }]);
    const exposition = await rendered({ scopes: [[undefined, metric('gauge', { name: 'a' }, points)]] });
    const [family] = await parsePrometheusText(exposition);
    const expected = [...new Set(values.map((text) => text.toWellFormed()))];
    assert.deepEqual(
      family?.samples.map(({ labels }) => labels['text']),
      expected,
    );
  },
);

test('whatever is measured, promtool reads it', { skip: skipUnless('promtool') }, async () => {
  await Promise.all(
    spread(manyInputs, 10).map(async (handMade) => {
      const exposition = await rendered(handMade);
      const { exitCode, findings } = await promtoolCheckMetrics(exposition);
      // 3: names that promtool would choose otherwise; 1: not an exposition.
      assert.notEqual(exitCode, 1, findings.slice(-3).join('\n'));
    }),
  );
});

test('the stock exporter writes the same samples where no unit changes the name', async () => {
  const handMade: HandMade = {
    scopes: [
      [
        undefined,
        metric('counter', { name: 'a.count', description: 'h' }, [[3, { 'x.y': 'z', n: 'q"\n\\' }]]),
        metric('gauge', { name: 'b' }, [[0.5], [NaN, { is: 'nan' }]]),
        histogram({ name: 'c' }, [
          { boundaries: [0, 5], counts: [1, 2, 3], sum: 40, attributes: { k: 'v' } },
        ]),
      ],
    ],
  };
  const stock = new PrometheusSerializer(undefined, false, undefined, true, true).serialize(
    inputOf(handMade).resourceMetrics,
  );
  assert.deepEqual(canonical(await rendered(handMade)), canonical(stock));
});

function assertNoSeriesTwice(exposition: string): void {
  const series = sampleLines(exposition).map((line) => line.slice(0, line.lastIndexOf(' ')));
  assert.equal(new Set(series).size, series.length);
}

function sampleLines(exposition: string): string[] {
  return exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function samplesOf(families: readonly ParsedFamily[]): number {
  return families.reduce((count, { samples }) => count + samples.length, 0);
}

/** Samples with their labels in order, in order. */
function canonical(exposition: string): string[] {
  const lines = sampleLines(exposition).map((line) => {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return `${name}{${labels.split(',').toSorted().join()}} ${value}`;
  });
  return lines.toSorted();
}

/** A Python per case takes a while: cases are joined to some. */
function spread(inputs: readonly HandMade[], parts: number): HandMade[] {
  return Array.from({ length: parts }, (_, part) => {
    const own = inputs.filter((_input, index) => index % parts === part);
    return { scopes: own.flatMap(({ scopes }) => scopes), resource: own[0]?.resource ?? {} };
  });
}
