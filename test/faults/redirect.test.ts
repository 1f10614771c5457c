import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redirectTo, startElsewhere } from '../support/fakes/hostile-engine.ts';
import { assertCounted, besideHostile } from './beside-hostile.ts';

test('an engine that redirects: nothing is fetched elsewhere, it fails alone, and the failure is counted', async (t) => {
  using elsewhere = await startElsewhere();
  const { port } = elsewhere;
  for (const target of ['/login', `http://127.0.0.1:${port}/v1.44/containers/json`]) {
    await besideHostile(t, redirectTo(target), ({ agent, hostile, metrics }) => {
      const runtime = { container_runtime_endpoint: hostile };
      assertCounted(metrics, 'tidegauge_list_errors_total', { ...runtime, error_type: 'runtime-error' });
      assertCounted(metrics, 'tidegauge_probe_errors_total', runtime);
      const [line] = agent.logged('runtime does not answer');
      assert.match(String(line?.['error']), /status 302, a redirect to .* is not followed/);
    });
  }
  assert.equal(elsewhere.reached, 0);
});
