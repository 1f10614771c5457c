import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DescriptorBudget, OpenFile, ProcessHandle } from '../../../../src/sources/kernel/open-file.ts';
import { KernelText } from '../../../../src/sources/kernel/kernel-text.ts';
import { CgroupDirectories } from '../../../support/fakes/cgroup-directories.ts';
import { unprivileged } from '../../../support/fakes/unprivileged.ts';

const text = new KernelText();
const script = join(import.meta.dirname, '../../../support/fakes/read-usage.ts');

test('a file that is absent or denied is not tried again; one that failed is', async () => {
  using directories = new CgroupDirectories();
  const budget = new DescriptorBudget(10);
  const fileAt = (path: string): OpenFile => new OpenFile(directories.at(path), budget);
  const absent = fileAt('absent');
  assert.equal(absent.read(text), 'absent');
  directories.write('absent', '1\n');
  assert.equal(absent.read(text), 'absent');
  directories.write('denied', '1\n');
  chmodSync(directories.at('denied'), 0);
  const denied = fileAt('denied');
  assert.equal(await unprivileged(directories.root, () => Promise.resolve(denied.read(text))), 'denied');
  chmodSync(directories.at('denied'), 0o644);
  assert.equal(denied.read(text), 'denied');
  mkdirSync(directories.at('failed'));
  const failed = fileAt('failed');
  assert.equal(failed.read(text), 'failed');
  directories.write('failed/file', '1\n');
  const below = fileAt('failed/file/below');
  assert.equal(below.read(text), 'absent');
  assert.equal(budget.count, 0);
});

test('the budget is taken by what stays open, and given back', () => {
  using directories = new CgroupDirectories();
  const budget = new DescriptorBudget(1);
  directories.write('a', '1\n');
  directories.write('b', '2\n');
  const [a, b] = [new OpenFile(directories.at('a'), budget), new OpenFile(directories.at('b'), budget)];
  for (let round = 0; round < 3; round += 1) {
    assert.equal(a.read(text), 'read');
    assert.equal(text.singleInteger(), 1);
    assert.equal(b.read(text), 'read');
    assert.equal(text.singleInteger(), 2);
    assert.equal(budget.count, 1);
  }
  b.close();
  assert.equal(budget.count, 1);
  a.close();
  a.close();
  assert.equal(budget.count, 0);
});

test('a file of something that has ended is gone, and its process too', async () => {
  const child = spawn('sleep', ['1000']);
  await once(child, 'spawn');
  const { pid = 0 } = child;
  const budget = new DescriptorBudget(10);
  const file = new OpenFile(`/proc/${pid}/cgroup`, budget);
  const handle = ProcessHandle.open('/proc', pid);
  assert.ok(handle instanceof ProcessHandle);
  assert.equal(file.read(text), 'read');
  assert.equal(handle.read('cgroup', text), 'read');
  assert.equal(typeof handle.inode('net/dev'), 'number');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(file.read(text), 'gone');
  assert.ok(['absent', 'gone'].includes(handle.read('cgroup', text)));
  assert.equal(handle.inode('net/dev'), undefined);
  assert.equal(ProcessHandle.open('/proc', pid), 'none');
  file.close();
  handle.close();
  assert.equal(budget.count, 0);
});

test('a process that this /proc hides is none: its cgroup is found by the runtime’s path', async () => {
  using directories = new CgroupDirectories();
  directories.write('7/cgroup', '');
  directories.write('file', '');
  chmodSync(directories.at('7'), 0);
  const opened = await unprivileged(directories.root, () =>
    Promise.resolve([directories.root, directories.at('file')].map((root) => ProcessHandle.open(root, 7))),
  );
  assert.deepEqual(opened, ['none', 'none']);
  chmodSync(directories.at('7'), 0o755);
  assert.equal(ProcessHandle.open(directories.root, 8), 'none');
});

test('more containers than descriptors: each its own values, or a failure', () => {
  const count = 60;
  const command = `ulimit -n 64; exec "$0" "$1" ${count} 1000`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', command, process.execPath, script], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const lines: Record<string, unknown>[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.pop(), { openFiles: 64 });
  assert.equal(lines.length, 2 * count);
  for (const { id, cpu, memory, hasSample, code } of lines) {
    assert.ok(code === 'no-files' || hasSample, String(code));
    assert.ok(cpu === undefined || cpu === Number(id) * 1000, `${String(id)}: ${String(cpu)}`);
    assert.ok(memory === undefined || memory === Number(id), `${String(id)}: ${String(memory)}`);
  }
  assert.ok(lines.some(({ cpu }) => cpu !== undefined));
  assert.ok(lines.some(({ cpu }) => cpu === undefined));
});
