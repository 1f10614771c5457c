import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerState } from '../../../../src/model/container.ts';
import type { CpuUsage } from '../../../../src/model/sample.ts';
import { HostStartTimes } from '../../../../src/tracker/container/start-times.ts';
import { identity } from '../../metrics/observed.ts';
import { ampleMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

function sample(takenAt: number, cpu: CpuUsage) {
  return { takenAt, windows: false, cpu };
}

function inspected(state: ContainerState, createdAt?: number) {
  return { identity: { ...identity, ...(createdAt !== undefined && { createdAt }) }, state, limits: {} };
}

test('the host’s CPU time began with its boot, given once; a host that boots anew begins anew', () => {
  const lasting = new HostStartTimes(5000);
  assert.equal(lasting.starts.of('host'), 5000);
  const cpu = { systemNanos: 400e9, onlineCpus: 4 };
  lasting.acceptSample(sample(1_000_000, cpu));
  const before = lasting.starts;
  assert.equal(before.of('host'), 900_000);
  lasting.acceptSample(sample(1_010_000, { ...cpu, systemNanos: 439e9 }));
  assert.equal(lasting.starts.of('host'), 900_000);
  lasting.acceptSample(sample(1_200_000, { ...cpu, systemNanos: 40e9 }));
  assert.equal(lasting.starts.of('host'), 1_190_000);
  assert.equal(before.of('host'), 900_000);
});

test('restarts are counted since the container was made, and anew after a start by hand', () => {
  const lasting = new HostStartTimes(5000);
  assert.equal(lasting.starts.of('restarts'), 5000);
  lasting.acceptInspected(inspected({ restartCount: 3, startedAt: 4000 }, 1000));
  lasting.acceptInspected(inspected({ restartCount: 4, startedAt: 6000 }, 1000));
  assert.equal(lasting.starts.of('restarts'), 1000);
  lasting.acceptInspected(inspected({ startedAt: 6000 }, 1000));
  lasting.acceptInspected(inspected({ restartCount: 0, startedAt: 8000 }, 1000));
  assert.equal(lasting.starts.of('restarts'), 8000);
});

test('a runtime that gives the same reading again has measured once', async () => {
  const runtime = new TrackedRuntime(['a']);
  runtime.container('a').extra = { readAt: 1 };
  await runtime.probe();
  await runtime.probe(ampleMillis);
  assert.equal(runtime.snapshot('a')?.previous, undefined);
  runtime.container('a').extra = { readAt: 2 };
  await runtime.probe(ampleMillis);
  assert.equal(runtime.snapshot('a')?.previous?.readAt, 1);
});
