import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { containerView } from '../../../src/live/live.ts';
import { AttributeCache } from '../../../src/model/instrument.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

test('while it cannot be inspected, a container shows its identity, the state of the list, and that it failed', async () => {
  const runtime = new TrackedRuntime(['web']);
  await runtime.probe();
  const shown = (): string[] => {
    const snapshot = runtime.snapshot('web');
    return snapshot
      ? Object.keys(JSON.parse(JSON.stringify(containerView(snapshot, new AttributeCache()))))
      : [];
  };
  const identity = ['id', 'name', 'runtime', 'image', 'labels'];
  assert.deepEqual(shown(), [...identity, 'state', 'limits', 'sampledAt', 'metrics']);
  runtime.source.before = (call) => {
    if (call === 'inspect') throw new SourceError('runtime-error', 'broken');
  };
  await runtime.probe(600_000);
  assert.deepEqual(shown(), [...identity, 'state', 'limits', 'metrics']);
  const snapshot = runtime.snapshot('web');
  assert.ok(snapshot);
  const { metrics } = z
    .object({ metrics: z.array(z.object({ name: z.string(), value: z.number() })) })
    .parse(containerView(snapshot, new AttributeCache()));
  const failures = { name: 'tidegauge.container.probe.failures', value: snapshot.failures };
  assert.deepEqual(
    metrics.filter(({ name }) => name === failures.name),
    [failures],
  );
  assert.ok(!metrics.some(({ name }) => name === 'container.memory.usage'));
});
