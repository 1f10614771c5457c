import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueOf, neededParts } from '../../../src/metrics/catalogue.ts';
import { semconvEffectiveLimits } from '../../../src/metrics/semconv/memory.ts';
import type { Sample } from '../../../src/model/sample.ts';
import { observationsOf, snapshotWith } from './observed.ts';

const measured = { takenAt: 1, windows: false } as const;

test('each effective limit is a metric; one that none of the cgroups has is absent', () => {
  const effectiveLimits = { cpus: 0.5, memoryBytes: 4096, swapBytes: 0, pids: 7 };
  const valuesOf = (sample: Sample): Record<string, number> =>
    Object.fromEntries(
      semconvEffectiveLimits.flatMap((instrument) =>
        observationsOf(instrument, snapshotWith({ sample })).map(
          ({ value }) => [instrument.name, value] as const,
        ),
      ),
    );
  assert.deepEqual(valuesOf({ ...measured, effectiveLimits }), {
    'container.memory.limit.effective': 4096,
    'container.paging.limit.effective': 0,
    'container.cpu.limit.effective': 0.5,
    'container.pids.limit.effective': 7,
  });
  assert.deepEqual(valuesOf({ ...measured, effectiveLimits: { pids: 1 } }), {
    'container.pids.limit.effective': 1,
  });
  assert.deepEqual(valuesOf(measured), {});
});

test('they are read only where one of them is on', () => {
  assert.ok(!neededParts(catalogueOf(['semconv'])).has('effectiveLimits'));
  const chosen = catalogueOf(['semconv'], new Map([['container.memory.limit.effective', true]]));
  assert.ok(neededParts(chosen).has('effectiveLimits'));
});
