import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExportTally, loggedExports } from '../../../../src/export/otlp/export-log.ts';
import type { ExportResult } from '../../../../src/model/observers.ts';
import type { Log } from '../../../../src/log.ts';

const good: ExportResult = { seconds: 1, bytes: 1, rejectedPoints: 0 };
const away: ExportResult = { ...good, error: 'ECONNREFUSED', reason: 'connect', isRetryable: true };
const refused: ExportResult = { ...good, error: '401', reason: 'answers 401: expired', isRetryable: false };

test('each change of state is one line with the reason, and a collector that is away is away whatever the errno', () => {
  const lines: unknown[] = [];
  const line =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void lines.push([level, message, fields['reason']]);
  const log: Log = {
    debug: () => undefined,
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  };
  const observer = loggedExports(log, 'http://collector/v1/metrics');
  const late: ExportResult = { ...away, error: 'timeout', reason: 'timeout: late' };
  const partial: ExportResult = { ...good, rejectedPoints: 3, reason: 'too old' };
  for (const result of [away, late, away, refused, refused, good, good, partial, partial, good])
    observer.exportEnded(result);
  assert.deepEqual(lines, [
    ['warn', 'export fails', 'connect'],
    ['warn', 'export fails', 'answers 401: expired'],
    ['info', 'export succeeds again', undefined],
    ['warn', 'collector refuses points', 'too old'],
    ['info', 'export succeeds again', undefined],
  ]);
});

test('the first failure of an export is its reason, and what is refused of all its requests is summed up', () => {
  const tally = new ExportTally();
  tally.bytes = 5;
  tally.addRejected(() => [3, 'too old']);
  tally.addRejected(() => ['4', '']);
  tally.addRejected(() => {
    throw new Error('no response of OTLP');
  });
  assert.deepEqual(tally.result(2), { seconds: 2, bytes: 5, rejectedPoints: 7, reason: 'too old' });
  const failure = { status: 'refused', address: 'a:1', concernsRequest: true } as const;
  tally.add({ ...failure, error: '400', reason: 'answers 400' });
  tally.add({ ...failure, error: '413', reason: 'answers 413' });
  const { error, reason, address, isRetryable } = tally.result(2);
  assert.deepEqual([error, reason, address, isRetryable], ['400', 'answers 400', 'a:1', false]);
});
