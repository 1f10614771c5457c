import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerTable } from '../../../../src/cli/commands/container-table.ts';
import type { Sample } from '../../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';

const runtime = {
  name: 'unix:///run/docker.sock',
  runtimeName: 'docker',
  warnings: [],
  memoryBytes: 16 * 2 ** 30,
};

function snapshot(name: string, changes: Partial<ContainerSnapshot> = {}): ContainerSnapshot {
  return {
    owner: {},
    runtime,
    identity: {
      id: 'f'.repeat(64),
      name,
      image: { tags: [], repoDigests: [] },
      labels: {},
      environment: [],
      command: [],
    },
    state: { status: 'running' },
    limits: {},
    stateAt: 0,
    starts: { of: () => 0 },
    failures: 0,
    givesNoUsage: false,
    trackedSince: 0,
    published: true,
    ...changes,
  };
}

function rows(...containers: ContainerSnapshot[]): string[] {
  return containerTable([{ owner: {}, runtime, containers, containerCount: containers.length, now: 0 }])
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.replaceAll(/ {2,}/g, ' | '));
}

const busy: Sample = {
  takenAt: 2000,
  windows: false,
  cpu: { totalNanos: 3_000_000_000, systemNanos: 12_000_000_000, onlineCpus: 4 },
  memory: { usage: 20_000_000, stats: { inactive_file: 1_000_000 } },
  networks: [{ name: 'eth0', receivedBytes: 1234, transmittedBytes: 5_600_000 }],
  blockIo: {
    serviceBytes: [
      { major: 8, minor: 0, operation: 'read', value: 999 },
      { major: 8, minor: 16, operation: 'read', value: 1 },
      { major: 8, minor: 0, operation: 'total', value: 777_777 },
    ],
  },
  pids: { current: 7 },
};
const before: Sample = {
  ...busy,
  takenAt: 1000,
  cpu: { totalNanos: 2_500_000_000, systemNanos: 8_000_000_000, onlineCpus: 4 },
};

test('a measured container shows the figures of docker stats, with its own limit or the host memory', () => {
  const limited = { sample: busy, previous: before, limits: { memoryBytes: 64 * 2 ** 20 } };
  assert.deepEqual(rows(snapshot('web', limited)), [
    'web | running | 50.00% | 18.12MiB / 64MiB | 1.234kB / 5.6MB | 1kB / 0B | 7',
  ]);
  assert.match(rows(snapshot('web', { sample: busy }))[0] ?? '', /running \| -- \| 18\.12MiB \/ 16GiB/);
});

test('what is not known is --, never 0', () => {
  assert.deepEqual(rows(snapshot('gone', { state: { status: 'exited' } })), [
    'gone | exited | -- | -- | -- | -- | --',
  ]);
});

test('a health that asks for attention stands beside the state', () => {
  const sick = snapshot('sick', { state: { status: 'running', health: 'unhealthy' } });
  assert.match(rows(sick)[0] ?? '', /^sick \| running \(unhealthy\)/);
});

test('a hostile name neither steers the terminal nor breaks the line', () => {
  const [line = ''] = rows(snapshot('a\u001B[2Jb\nc'));
  assert.match(line, /^a\uFFFD\[2Jb\uFFFDc \| running/);
});

test('Windows: block I/O is the container’s, as docker stats on Windows has it', () => {
  const storage = { readBytes: 79_970_816, writeBytes: 227_833_856 };
  const sample: Sample = { takenAt: 0, windows: true, storage };
  assert.match(rows(snapshot('win', { sample })).join(), /79\.97MB \/ 227\.8MB/);
});
