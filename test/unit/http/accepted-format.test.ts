import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedFormat } from '../../../src/http/metrics-route.ts';

const text = 'text/plain; version=0.0.4; charset=utf-8';
const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores';
const early = 'application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores';

const cases: readonly (readonly [who: string, accept: string | undefined, contentType: string])[] = [
  ['no header', undefined, text],
  ['curl', '*/*', text],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', text],
  [
    'Prometheus 2.45',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    openMetrics,
  ],
  [
    'Prometheus 3',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    openMetrics,
  ],
  [
    'Prometheus 3 with text first',
    'text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1',
    text,
  ],
  [
    'Prometheus 2.10',
    'application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    early,
  ],
  ['OpenMetrics without a version', 'application/openmetrics-text', openMetrics],
  ['a quoted version in capitals', 'APPLICATION/OpenMetrics-Text; Version="1.0.0"', openMetrics],
  ['a version to come', 'application/openmetrics-text;version=2.0.0', text],
  ['OpenMetrics liked less', 'application/openmetrics-text;q=0.4, text/plain', text],
  ['OpenMetrics refused', 'application/openmetrics-text;q=0, */*', text],
  ['both alike, OpenMetrics first', 'application/openmetrics-text, text/plain', openMetrics],
  ['both alike, text first', 'text/plain, application/openmetrics-text', text],
  ['text refused', 'text/plain;q=0, */*', openMetrics],
  ['nothing that is offered', 'image/png', text],
  ['a bad quality', 'application/openmetrics-text;q=much, text/plain;q=0.1', text],
  ['nonsense', ';;,=,q', text],
];

for (const [who, accept, contentType] of cases) {
  test(`${who} gets ${contentType.split(';', 2).join(';')}`, () => {
    assert.equal(acceptedFormat(accept).contentType, contentType);
  });
}
