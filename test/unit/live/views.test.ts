import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { containerView } from '../../../src/live/views.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

test('while its state cannot be read, a container shows who it is, and that it failed', async () => {
  const runtime = new TrackedRuntime(['web']);
  await runtime.probe();
  const shown = (): string[] => {
    const snapshot = runtime.snapshot('web');
    return snapshot ? Object.keys(JSON.parse(JSON.stringify(containerView(snapshot)))) : [];
  };
  const identity = ['id', 'name', 'runtime', 'image', 'labels'];
  assert.deepEqual(shown(), [...identity, 'state', 'limits', 'sampledAt', 'metrics']);
  runtime.source.before = (call) => {
    if (call === 'inspect') throw new SourceError('runtime-error', 'broken');
  };
  await runtime.probe(600_000);
  assert.deepEqual(shown(), [...identity, 'metrics']);
  const snapshot = runtime.snapshot('web');
  assert.ok(snapshot);
  const { metrics } = z
    .object({ metrics: z.array(z.object({ name: z.string(), value: z.number() })) })
    .parse(containerView(snapshot));
  assert.deepEqual(metrics, [{ name: 'tidegauge.container.probe.failures', value: snapshot.failures }]);
});
