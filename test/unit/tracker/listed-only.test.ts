import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absencesOf } from '../../../src/metrics/absence.ts';
import type { ContainerStatus } from '../../../src/model/container.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import type { SourceErrorCode } from '../../../src/sources/source-error.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

/** A runtime of which `a` cannot be inspected. */
function uninspected(code: SourceErrorCode, status: ContainerStatus = 'running'): TrackedRuntime {
  const runtime = new TrackedRuntime(['a', 'b']);
  const a = runtime.container('a');
  a.status = status;
  runtime.source.before = (call, id) => {
    if (call === 'inspect' && id === a.id) throw new SourceError(code, 'it cannot be inspected');
  };
  return runtime;
}

function shown(runtime: TrackedRuntime): unknown {
  const a = runtime.snapshot('a');
  return a && { published: a.published, ...a.state, failures: a.failures, reasons: absencesOf(a) };
}

for (const code of ['runtime-error', 'bad-response', 'too-large', 'timeout'] as const) {
  test(`what the list gives is shown of a container whose inspect fails: ${code}`, async () => {
    const runtime = uninspected(code, 'dead');
    await runtime.probe();
    assert.deepEqual(shown(runtime), {
      published: true,
      status: 'dead',
      failures: 1,
      reasons: ['no-inspect'],
    });
    assert.equal(runtime.snapshot('a')?.identity.image.name, 'alpine');
    assert.equal(runtime.snapshot('b')?.published, true);
    assert.notEqual(runtime.cpu('b'), undefined);
  });
}

test('one that is stuck in its removal is listed and not found: it is shown, and counted from the second time on', async () => {
  const runtime = uninspected('not-found', 'removing');
  await runtime.probe();
  const removing = { published: true, status: 'removing', reasons: ['no-inspect'] };
  assert.deepEqual(shown(runtime), { ...removing, failures: 0 });
  await runtime.probe();
  assert.deepEqual(shown(runtime), { ...removing, failures: 1 });
});

test('one that was removed between list and inspect is no failure, and not shown', async () => {
  const runtime = uninspected('not-found');
  await runtime.probe();
  assert.equal(shown(runtime), undefined);
  runtime.source.containers = runtime.source.containers.filter(({ name }) => name !== 'a');
  await runtime.probe();
  assert.equal(shown(runtime), undefined);
  assert.deepEqual(runtime.log.messages, ['runtime answers']);
});

test('one that goes on being listed though it is not found is shown with the state that the list gives', async () => {
  const runtime = uninspected('not-found', 'exited');
  await runtime.probe();
  await runtime.probe();
  assert.deepEqual(shown(runtime), {
    published: true,
    status: 'exited',
    failures: 1,
    reasons: ['no-inspect'],
  });
});

test('what an earlier inspect gave is not shown beside the list’s state, and neither is usage', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  a.restartCount = 3;
  await runtime.probe();
  assert.notEqual(runtime.cpu('a'), undefined);
  runtime.source.before = (call) => {
    if (call === 'inspect') throw new SourceError('runtime-error', 'status 500');
  };
  a.status = 'removing';
  await runtime.probe();
  const { identity, state, sample, limits } = runtime.snapshot('a') ?? {};
  assert.deepEqual(state, { status: 'removing' });
  assert.equal(sample, undefined);
  assert.equal(limits?.pids, undefined);
  assert.equal(identity?.image.reference, 'alpine:3.20');
  runtime.source.before = () => undefined;
  a.status = 'running';
  await runtime.probe();
  assert.deepEqual(
    [runtime.snapshot('a')?.state.restartCount, absencesOf(runtime.snapshot('a') ?? assert.fail())[0]],
    [3, 'no-pids'],
  );
  assert.notEqual(runtime.cpu('a'), undefined);
});

test('a runtime that goes away in the middle of a probe gives no state of its containers', async () => {
  const runtime = uninspected('unreachable');
  await runtime.probe();
  assert.equal(runtime.snapshot('a')?.published, false);
});
