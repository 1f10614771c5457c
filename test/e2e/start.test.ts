import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { startAgent, type AgentOptions } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import { startEngine } from '../support/real/real-engine.ts';
import { engineVersions } from '../support/real/scene.ts';

/** Promised are 3 s; the diagnostics say what it took here, beside whatever else runs. */
const startMillis = 30_000;

suite('from the start to the first container', () => {
  for (const version of engineVersions) {
    const skip = skipUnless(version === 'current' ? 'engine-current' : 'engine-20.10');
    test(`npm start, next to ${version}`, { skip }, async (context) => {
      await using runtime = await startEngine(version);
      await runtime.run('web', [], 'exec sleep 1000');
      await shows(context, 'web', { script: 'start', args: [`--docker-url=${runtime.url}`] });
    });
  }

  test('npm run demo, without a runtime', async (context) => {
    await shows(context, 'search', { script: 'demo', args: [] });
  });
});

async function shows(context: TestContext, container: string, options: AgentOptions): Promise<void> {
  const start = Date.now();
  await using agent = await startAgent(options);
  const memory = 'container_memory_usage_bytes';
  await agent.waitForMetrics(container, (shown) => {
    return shown.all(memory, { container_name: container }).length > 0;
  });
  const shown = Date.now() - start;
  const [line] = agent.logged('runtime answers');
  const answered = Date.parse(line?.time ?? '') - start;
  context.diagnostic(
    `the runtime answered after ${answered} ms, its containers were shown after ${shown} ms`,
  );
  assert.ok(answered <= shown && shown < startMillis, `${answered} ms, ${shown} ms`);
}
