import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerView } from '../../../src/live/views.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { TrackedEngine } from '../../support/fakes/tracked-engine.ts';

test('while its state cannot be read, nothing of a container is shown but who it is', async () => {
  const engine = new TrackedEngine(['web']);
  await engine.probe();
  const shown = (): string[] => {
    const snapshot = engine.snapshot('web');
    return snapshot ? Object.keys(JSON.parse(JSON.stringify(containerView(snapshot)))) : [];
  };
  const identity = ['id', 'name', 'engine', 'image', 'labels'];
  assert.deepEqual(shown(), [...identity, 'state', 'limits', 'sampledAt', 'metrics']);
  engine.source.before = (call) => {
    if (call === 'inspect') throw new SourceError('engine-error', 'broken');
  };
  await engine.probe(600_000);
  assert.deepEqual(shown(), [...identity, 'metrics']);
});
