import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdentityMapper } from '../../../src/model/identity-mapper.ts';
import type { Selection } from '../../../src/tracker/selection.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

const everything: Selection = { asksForImage: false, selects: () => true };

function names(runtime: TrackedRuntime): string[] {
  return runtime.set.snapshot().containers.map(({ identity }) => identity.name);
}

function runtimeWith(selection: Partial<Selection>, mapper?: IdentityMapper): TrackedRuntime {
  return new TrackedRuntime(['web', 'db'], undefined, undefined, {
    selection: { ...everything, ...selection },
    ...(mapper && { mapper }),
  });
}

test('what is not selected is neither inspected nor sampled, and counted', async () => {
  const runtime = runtimeWith({ selects: ({ name }) => name === 'web' });
  await runtime.probe();
  assert.deepEqual(names(runtime), ['web']);
  assert.deepEqual([runtime.source.count('inspect'), runtime.source.count('sample')], [1, 1]);
  const { containerCount, unselectedCount } = runtime.set.snapshot();
  assert.deepEqual([containerCount, unselectedCount], [2, 1]);
  runtime.source.before = (call) => {
    if (call === 'list') throw new Error('away');
  };
  await runtime.probe();
  assert.equal(runtime.set.snapshot().unselectedCount, undefined);
});

test('a container that becomes unselected is gone like a removed one, and comes back as a new one', async () => {
  const runtime = runtimeWith({ selects: ({ name, status }) => name !== 'hidden' && status === 'running' });
  await runtime.probe();
  const { owner } = runtime.snapshot('web') ?? {};
  runtime.container('web').name = 'hidden';
  runtime.container('db').exit(1);
  await runtime.probe();
  assert.deepEqual([names(runtime), runtime.set.snapshot().unselectedCount], [[], 2]);
  runtime.container('hidden').name = 'web';
  runtime.container('db').restart();
  await runtime.probe();
  assert.deepEqual(names(runtime), ['web', 'db']);
  assert.notEqual(runtime.snapshot('web')?.owner, owner);
});

test('rules are asked again only when name, image or state have changed', async () => {
  let asked = 0;
  const runtime = runtimeWith({
    selects: () => {
      asked += 1;
      return true;
    },
  });
  for (let round = 0; round < 3; round += 1) await runtime.probe();
  assert.equal(asked, 2);
  runtime.container('web').image = 'other';
  await runtime.probe();
  assert.equal(asked, 3);
  runtime.container('web').exit(0);
  await runtime.probe();
  assert.equal(asked, 4);
});

test('an image that is listed by its id is asked for once, before anything is measured', async () => {
  const seen: (string | undefined)[] = [];
  const runtime = runtimeWith({
    asksForImage: true,
    selects: ({ image }) => {
      seen.push(image);
      return image !== 'alpine:3.20';
    },
  });
  for (const { name } of runtime.source.containers) runtime.container(name).image = `sha256:${name}`;
  await runtime.probe();
  await runtime.probe();
  assert.deepEqual(seen, ['alpine:3.20', 'alpine:3.20']);
  assert.deepEqual([runtime.source.count('inspect'), runtime.source.count('sample')], [2, 0]);
  runtime.container('web').image = 'named:1';
  await runtime.probe();
  assert.deepEqual([names(runtime), seen.at(-1)], [['web'], 'named:1']);
});

test('an image that cannot be asked for is judged by what the list gives, and asked for again', async () => {
  const runtime = runtimeWith({ asksForImage: true, selects: ({ image }) => image !== 'alpine:3.20' });
  runtime.container('web').image = 'sha256:0a';
  runtime.container('db').image = 'postgres:18';
  runtime.source.before = (call) => {
    if (call === 'inspect') throw new Error('no');
  };
  await runtime.probe();
  assert.equal(runtime.set.snapshot().unselectedCount, 0);
  runtime.source.before = () => undefined;
  await runtime.probe();
  assert.deepEqual(names(runtime), ['db']);
});

test('attributes are made of what is inspected, and forgotten of what is gone or no more selected', async () => {
  const forgotten: string[] = [];
  const mapper: IdentityMapper = {
    map: ({ name }) => ({ resource: { of: name }, point: {} }),
    forget: (id) => forgotten.push(id),
    dropped: () => ({ too_many_values: 1, name_taken: 2, name_repeated: 0, name_invalid: 0 }),
  };
  const runtime = runtimeWith({ selects: ({ name }) => name !== 'hidden' }, mapper);
  await runtime.probe();
  assert.deepEqual(runtime.snapshot('web')?.identity.mapped?.resource, { of: 'web' });
  assert.deepEqual(runtime.set.snapshot().droppedAttributes, {
    too_many_values: 1,
    name_taken: 2,
    name_repeated: 0,
    name_invalid: 0,
  });
  const [web, db] = runtime.source.containers;
  runtime.container('web').name = 'hidden';
  runtime.source.containers = [web ?? new ScriptedContainer('x', runtime.clock)];
  await runtime.probe();
  assert.deepEqual(forgotten.toReversed(), [db?.id, web?.id]);
});
