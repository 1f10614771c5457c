import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { auditedMetrics } from '../../src/audit/audited-metrics.ts';
import { runTidegauge } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import { startEngine, type EngineVersion } from '../support/real/real-engine.ts';

const containerCount = 20;
const versions: readonly EngineVersion[] = ['20.10', 'current'];

/** Each computes, writes, and holds some memory. */
const busyScript =
  'head -c 2000000 /dev/zero >/dev/shm/held; while :; do head -c 65536 /dev/zero >/written; done';

suite('verify', { skip: skipUnless('engine-20.10', 'engine-current') }, () => {
  for (const version of versions) {
    test(`no figure of ${containerCount} busy containers of ${version} differs from the docker command's or the kernel's`, async () => {
      await using runtime = await startEngine(version, { bridge: true });
      const names = Array.from({ length: containerCount }, (_, index) => `busy${index}`);
      await Promise.all(names.map((name) => runtime.run(name, ['--cpus=0.05'], busyScript)));
      const { exitCode, stdout, stderr } = await runTidegauge({
        args: ['verify', `--docker-url=${runtime.url}`, '--log-level=silent'],
      });
      assert.equal(exitCode, 0, stdout + stderr);
      const compared = containerCount * auditedMetrics.length;
      const summary = new RegExp(
        `^${containerCount} of ${containerCount} running containers compared, ${compared} figures, ([0-9]+) of them with the kernel's files: none differs$`,
        'm',
      );
      const [, byKernel] = summary.exec(stdout) ?? assert.fail(stdout);
      // A kernel that counts no block I/O has none to compare.
      assert.ok(Number(byKernel) >= compared - 2 * containerCount, stdout);
      const percents = [...stdout.matchAll(/^busy\d+ +cpu-percent +(\S+)/gm)].map(([, text]) => Number(text));
      assert.equal(percents.filter((percent) => percent > 0).length, containerCount, 'all are busy');
    });
  }
});
