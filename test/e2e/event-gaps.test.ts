import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { waitUntil } from '../support/real/daemon.ts';
import { startAgent } from '../support/real/agent-process.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';
import { engineVersions, skipWithoutScene } from '../support/real/scene.ts';

const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
/** Rounds of a pause and its end of ten containers: 500 events in all. */
const rounds = 25;
const gaps = 'tidegauge_events_gaps_total';
const received = 'tidegauge_events_received_total';

suite('gaps of events', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const version of engineVersions)
    test(`${version}: restarted in a storm of events, the runtime is shown as it lists itself`, async () => {
      await using runtime = await startEngine(version);
      for (const name of names) await runtime.run(name, ['--restart=always'], 'exec sleep 1000');
      await using agent = await startAgent({
        args: [`--docker-url=${runtime.url}`, '--exporter=prometheus', '--interval=2s'],
      });
      await agent.waitForMetrics('events', (shown) => shown.all('container_events_total').length > 0);
      const restart = wait(1500).then(async () => {
        await runtime.kill();
        await runtime.start();
      });
      await storm(runtime);
      await restart;
      // A busy machine may have had no time for events before the end, and the agent listens again in its own time.
      await waitUntil('a storm', async () => {
        await storm(runtime);
        return (await agent.metrics()).sum(received) > 200;
      });
      await runtime.docker('rm', '--force', 'c0', 'c1', 'c2');
      await runtime.docker('stop', '--time=0', 'c3');
      await runtime.pause('c4');
      const listed = (await runtime.docker('ps', '--all', '--format={{.Names}} {{.Status}}')).split('\n');
      const there = listed.map((line) => statusOf(line)).toSorted();
      const shown = await agent.waitForMetrics(
        'the same as the list',
        (metrics) =>
          names
            .flatMap((name) => (metrics.state(name) === undefined ? [] : [`${name} ${metrics.state(name)}`]))
            .toSorted()
            .join() === there.join(),
      );
      assert.ok(shown.sum(gaps) >= 1, `${shown.sum(gaps)} gaps`);
      assert.equal(shown.value('tidegauge_runtime_containers'), there.length);
    });
});

/** Pauses and their ends; what the runtime cannot do while it restarts is left out. */
async function storm(runtime: RealEngine): Promise<void> {
  for (let round = 0; round < rounds / 2; round += 1)
    for (const action of ['pause', 'unpause']) await runtime.docker(action, ...names).catch(() => wait(100));
  await runtime.docker('unpause', ...names).catch(() => undefined);
}

/** `c4 Up 3 seconds (Paused)` as the exposition has it. */
function statusOf(line: string): string {
  const [name = '', begin] = line.split(' ');
  if (line.endsWith('(Paused)')) return `${name} paused`;
  return `${name} ${begin === 'Up' ? 'running' : 'exited'}`;
}
