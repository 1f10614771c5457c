import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { suite, test } from 'node:test';
import { auditedMetrics } from '../../../../src/audit/audited-metrics.ts';
import { ourReadings } from '../../../../src/audit/our-readings.ts';
import { percentage, verifyWith } from '../../../../src/cli/commands/verify.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { runTidegauge } from '../../../support/real/agent-process.ts';
import { withFault } from '../../../support/fakes/faulty-metric.ts';
import { KeptLog } from '../../../support/fakes/observed-probes.ts';
import { KernelTree } from '../../../support/fakes/kernel-tree.ts';
import { load } from '../../../support/fakes/load.ts';

/** Output of `verify` for a runtime, and its exit code. */
async function verify(
  url: string,
  readings = ourReadings,
  argv: { format: 'table' | 'json'; tolerance: number } = { format: 'table', tolerance: 0.001 },
  flags: Readonly<Record<string, string>> = {},
) {
  let stdout = '';
  const code = await verifyWith(readings).run({
    config: load({ flags: { 'docker-url': url, ...flags } }).config,
    warnings: [],
    log: new KeptLog(),
    argv,
    version: '0',
    stdout: new Writable({
      write: (chunk, _encoding, done) => {
        stdout += String(chunk);
        done();
      },
    }),
    signal: new AbortController().signal,
  });
  return { code, stdout };
}

const parts: readonly (readonly [(string | number)[], unknown])[] = [
  [['pids_stats'], undefined],
  [['memory_stats'], {}],
  [['memory_stats', 'limit'], undefined],
  [['networks'], undefined],
  [['networks'], {}],
  [['blkio_stats'], undefined],
  [['blkio_stats', 'io_service_bytes_recursive'], []],
  [['blkio_stats', 'io_service_bytes_recursive'], null],
  [['cpu_stats'], {}],
];

suite('two probes of each, a pause between them', { concurrency: true }, () => {
  test('figures are printed side by side, and equal ones end with 0', async () => {
    await using runtime = await startSimulatedEngine({
      specs: [{ name: 'web', load: { cpus: 1 } }, { name: 'idle' }],
    });
    const { exitCode, stdout, stderr } = await runTidegauge({
      args: ['verify', `--docker-url=${runtime.url}`, '--log-level=silent'],
    });
    assert.equal(stderr, '');
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^CONTAINER +FIGURE +TIDEGAUGE +COMMAND +DIFFERENCE$/);
    assert.equal(lines.length, 1 + 2 * auditedMetrics.length + 1);
    assert.match(stdout, /^web +cpu-percent +\d+\.\d+ +\d+\.\d+ +0%$/m);
    assert.match(lines.at(-1) ?? '', /^2 of 2 running containers compared, 18 figures: none differs$/);
    assert.equal(exitCode, 0);
    assert.equal(runtime.requests.stats, 4);
  });

  test('a planted fault ends with 1 and is marked, a wider tolerance lets a divided figure pass', async () => {
    await using runtime = await startSimulatedEngine({ specs: [{ name: 'web', load: { cpus: 1 } }] });
    const { code, stdout } = await verify(runtime.url, withFault('cpu-percent'));
    assert.equal(code, 1);
    assert.match(stdout, /^web +cpu-percent .* 0\.990099% +DIFFERS$/m);
    assert.match(stdout, /9 figures: 1 differ$/m);
    const wide = { format: 'json', tolerance: 0.02 } as const;
    const tolerant = await verify(runtime.url, withFault('cpu-percent'), wide);
    assert.equal(tolerant.code, 0);
    const [web] = JSON.parse(tolerant.stdout);
    assert.equal(web.container, 'web');
    assert.equal(web.figures[0].figure, 'cpu-percent');
    assert.ok(Math.abs(web.figures[0].ours / web.figures[0].command - 1.01) < 1e-9);
    const counted = await verify(runtime.url, withFault('memory'), wide);
    assert.equal(counted.code, 1, 'memory is only counted');
  });

  test('the kernel’s files stand beside, and a value that is another there is marked and ends with 1', async () => {
    await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
    runtime.fault('stats', { kind: 'set', path: ['pids_stats', 'current'], value: 7 });
    const json = { format: 'json', tolerance: 0.001 } as const;
    const [web] = JSON.parse((await verify(runtime.url, ourReadings, json)).stdout);
    using tree = new KernelTree('cgroup_v2_systemd');
    const { cgroup, proc, sys } = tree.roots;
    const table = { format: 'table', tolerance: 0.001 } as const;
    const flags = { 'cgroup-root': cgroup, 'proc-root': proc, 'sys-root': sys };
    const path = `cgroup/system.slice/docker-${web.id}.scope/pids.current`;
    tree.write(path, '7\n');
    const equal = await verify(runtime.url, ourReadings, table, flags);
    assert.match(equal.stdout, /^CONTAINER +FIGURE +TIDEGAUGE +COMMAND +DIFFERENCE +KERNEL$/m);
    assert.match(equal.stdout, /^web +pids +7 +7 +0% +7$/m);
    assert.match(equal.stdout, /, 9 figures, 1 of them with the kernel's files: none differs$/m);
    assert.equal(equal.code, 0);
    tree.write(path, '8\n');
    const other = await verify(runtime.url, ourReadings, table, flags);
    assert.match(other.stdout, /^web +pids +7 +7 +0% +8 +DIFFERS: the kernel's files give another$/m);
    assert.match(other.stdout, /: 1 differ$/m);
    assert.equal(other.code, 1);
  });

  test('a runtime that cannot be reached is named and ends with 1', async () => {
    await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
    const { exitCode, stdout, stderr } = await runTidegauge({
      args: [
        'verify',
        `--docker-url=${runtime.url}`,
        '--docker-url=unix:///nowhere.sock',
        '--log-level=silent',
      ],
    });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^tidegauge: unix:\/\/\/nowhere\.sock: .+\n$/);
    assert.match(stdout, /^1 of 1 running containers compared/m);
  });

  test('nothing that runs is good, nothing compared of what runs is not', async () => {
    await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
    runtime.fault('stats', { kind: 'status', status: 500 });
    const { code, stdout } = await verify(runtime.url);
    assert.equal(code, 1);
    assert.match(stdout, /^web +-- +-- +-- +-- +it could not be measured$/m);
    await using empty = await startSimulatedEngine();
    assert.equal((await verify(empty.url)).code, 0);
  });

  for (const [path, value] of parts)
    test(`a value that is not there has its reason beside it: ${path.join('.')} ${JSON.stringify(value)}`, async () => {
      await using runtime = await startSimulatedEngine({ specs: [{ name: 'web', load: { cpus: 1 } }] });
      runtime.fault('stats', { kind: 'set', path, ...(value !== undefined && { value }) });
      const { stdout } = await verify(runtime.url);
      const rows = stdout.split('\n').filter((line) => / --(?: |$)/.test(line));
      assert.notEqual(rows.length, 0, stdout);
      for (const row of rows) {
        const [, reason = ''] = /% {3}(.+)$/.exec(row) ?? /-- {3}([^-].+)$/.exec(row) ?? [];
        assert.notEqual(reason, '', row);
        if (/^[a-z-]+$/.test(reason)) assert.match(stdout, new RegExp(`^${reason}: .+$`, 'm'));
      }
    });

  test('an answer that comes twice is compared with nothing, and said to', async () => {
    await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
    runtime.fault('stats', { kind: 'set', path: ['read'], value: '2026-01-01T00:00:00Z' });
    runtime.fault('stats', { kind: 'mutate', mutate: frozen() });
    const { code, stdout } = await verify(runtime.url);
    assert.equal(code, 1);
    assert.match(stdout, /^web +-- +-- +-- +-- +the runtime gave one response twice$/m);
  });
});

test('the program with a planted fault ends with 1', () => {
  const program = join(import.meta.dirname, '../../../support/fakes/faulty-verify.ts');
  const { status, stdout } = spawnSync(process.execPath, [program, '--demo', '--log-level=silent'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stdout, /memory +\d+(\.\d+)? +\d+ +0\.990099% +DIFFERS/);
});

/** The first text again and again. */
function frozen(): (text: string) => string {
  let first: string | undefined;
  return (text) => (first ??= text);
}

test('a tolerance is a percentage', () => {
  const read = (text: unknown): unknown => percentage().safeParse(text).data;
  assert.deepEqual(['0.1', '100', '5%', ' 0 '].map(read), [0.001, 1, 0.05, 0]);
  for (const wrong of ['-1', '101', 'much', true, '1e3']) assert.equal(read(wrong), undefined, String(wrong));
});
