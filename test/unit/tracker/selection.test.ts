import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdentityMapper } from '../../../src/model/identity-mapper.ts';
import type { Selection } from '../../../src/tracker/selection.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { TrackedEngine } from '../../support/fakes/tracked-engine.ts';

const everything: Selection = { asksForImage: false, selects: () => true };

function names(engine: TrackedEngine): string[] {
  return engine.set.snapshot().containers.map(({ identity }) => identity.name);
}

function engineWith(selection: Partial<Selection>, mapper?: IdentityMapper): TrackedEngine {
  return new TrackedEngine(['web', 'db'], undefined, undefined, {
    selection: { ...everything, ...selection },
    ...(mapper && { mapper }),
  });
}

test('what is not selected is neither inspected nor sampled, and counted', async () => {
  const engine = engineWith({ selects: ({ name }) => name === 'web' });
  await engine.probe();
  assert.deepEqual(names(engine), ['web']);
  assert.deepEqual([engine.source.count('inspect'), engine.source.count('sample')], [1, 1]);
  const { containerCount, unselectedCount } = engine.set.snapshot();
  assert.deepEqual([containerCount, unselectedCount], [2, 1]);
  engine.source.before = (call) => {
    if (call === 'list') throw new Error('away');
  };
  await engine.probe();
  assert.equal(engine.set.snapshot().unselectedCount, undefined);
});

test('a container that becomes unselected is gone like a removed one, and comes back as a new one', async () => {
  const engine = engineWith({ selects: ({ name, status }) => name !== 'hidden' && status === 'running' });
  await engine.probe();
  const { owner } = engine.snapshot('web') ?? {};
  engine.container('web').name = 'hidden';
  engine.container('db').exit(1);
  await engine.probe();
  assert.deepEqual([names(engine), engine.set.snapshot().unselectedCount], [[], 2]);
  engine.container('hidden').name = 'web';
  engine.container('db').restart();
  await engine.probe();
  assert.deepEqual(names(engine), ['web', 'db']);
  assert.notEqual(engine.snapshot('web')?.owner, owner);
});

test('rules are asked again only when name, image or state have changed', async () => {
  let asked = 0;
  const engine = engineWith({
    selects: () => {
      asked += 1;
      return true;
    },
  });
  for (let round = 0; round < 3; round += 1) await engine.probe();
  assert.equal(asked, 2);
  engine.container('web').image = 'other';
  await engine.probe();
  assert.equal(asked, 3);
  engine.container('web').exit(0);
  await engine.probe();
  assert.equal(asked, 4);
});

test('an image that is listed by its id is asked for once, before anything is measured', async () => {
  const seen: (string | undefined)[] = [];
  const engine = engineWith({
    asksForImage: true,
    selects: ({ image }) => {
      seen.push(image);
      return image !== 'alpine:3.20';
    },
  });
  for (const { name } of engine.source.containers) engine.container(name).image = `sha256:${name}`;
  await engine.probe();
  await engine.probe();
  assert.deepEqual(seen, ['alpine:3.20', 'alpine:3.20']);
  assert.deepEqual([engine.source.count('inspect'), engine.source.count('sample')], [2, 0]);
  engine.container('web').image = 'named:1';
  await engine.probe();
  assert.deepEqual([names(engine), seen.at(-1)], [['web'], 'named:1']);
});

test('an image that cannot be asked for is judged by what the list tells, and asked for again', async () => {
  const engine = engineWith({ asksForImage: true, selects: ({ image }) => image !== 'alpine:3.20' });
  engine.container('web').image = 'sha256:0a';
  engine.container('db').image = 'postgres:18';
  engine.source.before = (call) => {
    if (call === 'inspect') throw new Error('no');
  };
  await engine.probe();
  assert.equal(engine.set.snapshot().unselectedCount, 0);
  engine.source.before = () => undefined;
  await engine.probe();
  assert.deepEqual(names(engine), ['db']);
});

test('attributes are made of whom is inspected, and forgotten of whom is gone or no more selected', async () => {
  const forgotten: string[] = [];
  const mapper: IdentityMapper = {
    map: ({ name }) => ({ resource: { of: name }, point: {} }),
    forget: (id) => forgotten.push(id),
    cut: () => ({ too_many_values: 1, name_taken: 2 }),
  };
  const engine = engineWith({ selects: ({ name }) => name !== 'hidden' }, mapper);
  await engine.probe();
  assert.deepEqual(engine.snapshot('web')?.identity.mapped?.resource, { of: 'web' });
  assert.deepEqual(engine.set.snapshot().cutAttributes, { too_many_values: 1, name_taken: 2 });
  const [web, db] = engine.source.containers;
  engine.container('web').name = 'hidden';
  engine.source.containers = [web ?? new ScriptedContainer('x', engine.clock)];
  await engine.probe();
  assert.deepEqual(forgotten.toReversed(), [db?.id, web?.id]);
});
