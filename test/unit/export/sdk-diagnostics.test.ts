import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { diag } from '@opentelemetry/api';
import { globalErrorHandler, setGlobalErrorHandler } from '@opentelemetry/core';
import { logSdk } from '../../../src/export/telemetry.ts';
import type { Log } from '../../../src/log.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

after(() => {
  diag.disable();
  setGlobalErrorHandler(() => undefined);
});

/** The SDK's words in a log of their own. */
class Received {
  readonly clock = new FakeClock();
  readonly lines: [level: string, message: string, fields: object][] = [];

  constructor() {
    const line =
      (level: string) =>
      (fields: object, message: string): void =>
        void this.lines.push([level, message, fields]);
    const log: Log = {
      debug: () => undefined,
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => log,
    };
    logSdk(log, () => this.clock.monotonic());
  }
}

test('what is said each round is one line, and another when it comes back', async () => {
  const { lines, clock } = new Received();
  const failure = new Error('broke after 17 ms');
  for (let round = 0; round < 100; round += 1) {
    diag.error('collection errors', round % 2 === 0 ? failure : new Error('broke after 3 ms'));
    diag.warn('Received:', '{"rejected":7}');
    await clock.advance(10_000);
  }
  assert.deepEqual(lines, [
    ['error', 'OpenTelemetry: collection errors', { error: failure }],
    ['warn', 'OpenTelemetry: Received: {"rejected":7}', {}],
  ]);
  await clock.advance(600_000);
  diag.error('collection errors', failure);
  diag.error('collection errors', new TypeError('another'));
  assert.deepEqual(
    lines.slice(2).map(([, , fields]) => fields),
    [{ error: failure, repeats: 99 }, { error: new TypeError('another') }],
  );
});

test('errors that nobody took are said, whatever was thrown', () => {
  const { lines } = new Received();
  globalErrorHandler(new RangeError('out of it'));
  globalErrorHandler('a text');
  globalErrorHandler({ name: 'Odd' });
  assert.deepEqual(
    lines.map(([level, message]) => [level, message]),
    ['out of it', 'a text', 'Odd'].map((text) => ['error', `OpenTelemetry: ${text}`]),
  );
});

test('how exports end is left to who observes them, and what is no trouble is left unsaid', () => {
  const { lines } = new Received();
  globalErrorHandler(new Error('PeriodicExportingMetricReader: metrics export failed (error Error: no)'));
  diag.info('information');
  diag.debug('items to be sent', { secret: 1 });
  assert.deepEqual(lines, []);
});
