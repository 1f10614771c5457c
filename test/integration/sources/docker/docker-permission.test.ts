import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { permissionAdvice } from '../../../../src/sources/docker/docker-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidegauge-permission-'));
after(() => rmSync(folder, { recursive: true }));

const isRoot = process.getuid?.() === 0;
const needsRoot = { skip: isRoot ? false : 'only root can become a user without access to a socket' };

/** Group 1 is `daemon` on Debian as elsewhere; 60123 is nobody's. */
function socketOf(gid: number, mode: number, name = 'docker.sock'): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  chownSync(path, 0, gid);
  chmodSync(path, mode);
  return path;
}

test('the advice names the group that may open the socket', needsRoot, () => {
  assert.equal(
    permissionAdvice(socketOf(1, 0o660)),
    'the socket belongs to group "daemon" (gid 1): run the agent with that group, in a container with --group-add 1',
  );
  assert.match(
    permissionAdvice(socketOf(60123, 0o660)) ?? '',
    /belongs to gid 60123: run .* --group-add 60123$/,
  );
  assert.equal(
    permissionAdvice(socketOf(1, 0o600)),
    'the socket\'s mode 600 lets only its owner in; its group is group "daemon" (gid 1)',
  );
});

test('of a socket that cannot be looked at there is nothing to advise', () => {
  assert.equal(permissionAdvice(join(folder, 'gone', 'docker.sock')), undefined);
});

test('the error of a user without access to the socket names the group that has it', needsRoot, async () => {
  chmodSync(folder, 0o755);
  const socket = join(folder, 'engine.sock');
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }], socket });
  chownSync(socket, 0, 1);
  chmodSync(socket, 0o660);
  // The source is loaded while root may read the tree, and asked as nobody (65534).
  const program = `
    const { DockerSource } = await import(${JSON.stringify(join(import.meta.dirname, '../../../../src/sources/docker/docker-source.ts'))});
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    const source = new DockerSource({ endpoint: { url: ${JSON.stringify(engine.url)} }, callTimeoutMillis: 5000, now: Date.now });
    const tell = (error) => console.log(JSON.stringify([error.code, error.message]));
    for (const call of ['describe', 'list']) await source[call](new AbortController().signal).catch(tell);
    await source.usage.round(new AbortController().signal).read({ identity: { id: 'web' } }).catch(tell);
    source.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const lines: unknown[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const advice =
    '; the socket belongs to group "daemon" (gid 1): run the agent with that group, in a container with --group-add 1';
  assert.deepEqual(lines, [
    ['permission', `GET /version: connect EACCES ${socket}${advice}`],
    ['permission', `GET /containers/json?all=true: connect EACCES ${socket}${advice}`],
    ['permission', `GET /containers/web/stats?stream=false&one-shot=true: connect EACCES ${socket}`],
  ]);
});
