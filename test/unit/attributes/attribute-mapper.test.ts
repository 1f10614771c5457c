import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instanceId } from '../../../src/attributes/attribute-mapper.ts';
import type { ContainerIdentity } from '../../../src/model/container.ts';
import { mapperWith, ruleOf } from '../../support/fakes/attribute-mapper.ts';
import { identity } from '../metrics/observed.ts';

const compose = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'web',
  'com.docker.compose.container-number': '2',
  'com.docker.compose.config-hash': 'abc',
};
const composed = {
  'container.label.com.docker.compose.project': 'shop',
  'container.label.com.docker.compose.service': 'web',
  'container.label.com.docker.compose.container-number': '2',
};

function labelled(labels: Record<string, string>, parts: Partial<ContainerIdentity> = {}): ContainerIdentity {
  return { ...identity, labels, ...parts };
}

test('presets name Compose, Swarm and Kubernetes, and each can be switched off', () => {
  const swarm = {
    'com.docker.swarm.service.name': 'web',
    'com.docker.swarm.task.id': 't',
    'com.docker.swarm.node.id': 'n',
  };
  const labels = { ...compose, ...swarm, 'io.kubernetes.pod.name': 'pod' };
  assert.deepEqual(mapperWith().map(labelled(labels)), {
    resource: {
      ...composed,
      'container.label.com.docker.swarm.service.name': 'web',
      'container.label.com.docker.swarm.task.id': 't',
      'container.label.com.docker.swarm.node.id': 'n',
      'k8s.pod.name': 'pod',
    },
    point: {},
  });
  const { resource } = mapperWith({ presets: ['compose'] }).map(labelled(labels));
  assert.deepEqual(resource, composed);
  assert.deepEqual(mapperWith({ presets: [] }).map(labelled(labels)).resource, {});
});

test('the first rule that matches names a label; presets stay beside it', () => {
  const rules = [
    ruleOf('com.example.team=team', 'label'),
    ruleOf('com.example.*', 'label'),
    ruleOf('com.docker.compose.project=project', 'label', 'point'),
    ruleOf('/^APP_(.+)$/=app.$1', 'environment'),
    ruleOf('TEAM=team', 'environment'),
    ruleOf('STAGE=stage', 'environment', 'point'),
  ];
  const labels = { ...compose, 'com.example.team': 'a', 'com.example.zone': 'z', 'com.example.empty': '' };
  const environment = ['APP_URL=x=y', 'TEAM=b', 'STAGE=prod', 'EMPTY=', 'none', 'PATH=/bin'];
  assert.deepEqual(mapperWith({ rules }).map(labelled(labels, { environment })), {
    resource: { ...composed, team: 'a', 'container.label.com.example.zone': 'z', 'app.URL': 'x=y' },
    point: { project: 'shop', stage: 'prod' },
  });
});

test('secrets are mapped only by their exact names', () => {
  const environment = ['DB_PASSWORD=1', 'Api_Token=2', 'clientSecret=3', 'SSH_KEY=4', 'PLAIN=5'];
  const mapped = (rule: string) =>
    mapperWith({ rules: [ruleOf(rule, 'environment')] }).map(labelled({}, { environment })).resource;
  assert.deepEqual(mapped('*'), { 'env.PLAIN': '5' });
  assert.deepEqual(mapped('/./'), { 'env.PLAIN': '5' });
  assert.deepEqual(mapped('SSH_KEY'), { 'env.SSH_KEY': '4' });
});

test('a service that is named gets its instance and its version; nobody else does', () => {
  const labels = { ...compose, 'org.opencontainers.image.version': '1.2' };
  const rules = [ruleOf('com.docker.compose.service=service.name', 'label')];
  const derived = {
    'service.name': 'web',
    'service.instance.id': instanceId(identity.id),
    'service.version': '1.2',
  };
  assert.deepEqual(mapperWith({ rules }).map(labelled(labels)).resource, { ...composed, ...derived });
  assert.deepEqual(mapperWith().map(labelled(labels)).resource, composed);
  const { resource } = mapperWith({ rules, presets: [] }).map(labelled(labels));
  assert.deepEqual(resource, { 'service.name': 'web', 'service.instance.id': instanceId(identity.id) });
  const own = [...rules, ruleOf('v=service.version', 'label'), ruleOf('i=service.instance.id', 'label')];
  assert.deepEqual(
    mapperWith({ rules: own, presets: ['oci'] }).map(labelled({ ...labels, v: '9', i: 'me' })).resource,
    {
      'service.name': 'web',
      'service.version': '9',
      'service.instance.id': 'me',
    },
  );
});

test('a name of the identity or, on points, of a metric is left out and counted', () => {
  const labels = { a: '1', b: '2', c: '3', d: '4' };
  const rules = [
    ruleOf('a=container.name', 'label'),
    ruleOf('b=container_id', 'label'),
    ruleOf('c=cpu.mode', 'label'),
    ruleOf('c=cpu_mode', 'label', 'point'),
    ruleOf('d=container_runtime_endpoint', 'label', 'point'),
    ruleOf('a=k8s.pod.name', 'label', 'point'),
  ];
  const mapper = mapperWith({ rules });
  assert.deepEqual(mapper.map(labelled(labels)), {
    resource: {},
    point: { 'k8s.pod.name': '1' },
  });
  assert.deepEqual(mapper.dropped(), {
    too_many_values: 0,
    name_taken: 5,
    name_repeated: 0,
    name_invalid: 0,
  });
  mapper.forget(identity.id);
  assert.deepEqual(mapper.dropped(), {
    too_many_values: 0,
    name_taken: 0,
    name_repeated: 0,
    name_invalid: 0,
  });
});

test('of attributes with one label in Prometheus one stays, wherever they stand, and the others are counted', () => {
  const everything = [
    ruleOf('k=key_9a', 'label'),
    ruleOf('/(?s)^p_(.*)$/=$1', 'label', 'point'),
    ruleOf('/(?s)^r_(.*)$/=$1', 'label'),
  ];
  const mapped = (labels: Record<string, string>) => {
    const mapper = mapperWith({ rules: everything });
    const { resource, point } = mapper.map(labelled(labels));
    return { names: [...Object.keys(resource), ...Object.keys(point)].toSorted(), ...mapper.dropped() };
  };
  const none = { too_many_values: 0, name_taken: 0, name_repeated: 0, name_invalid: 0 };
  assert.deepEqual(mapped({ 'r_a.b': '1', r_a_b: '2', 'p_a-b': '3', 'p_a.b': '4' }), {
    ...none,
    names: ['a.b', 'a.b'],
    name_repeated: 2,
  });
  // The Collector puts `key_` before a digit, and makes `job` and `instance` of a service.
  assert.deepEqual(mapped({ r_9a: '1', k: '2' }), { ...none, names: ['9a'], name_repeated: 1 });
  assert.deepEqual(mapped({ r_job: '1', p_instance: '2', 'r_service.name': '3', r_service_name: '4' }), {
    ...none,
    names: ['service.instance.id', 'service.name'],
    name_repeated: 3,
  });
  const preset = 'container.label.com.docker.compose.project';
  assert.deepEqual(
    mapped({ [`r_${preset.replaceAll('.', '_')}`]: 'x', 'com.docker.compose.project': 'shop' }),
    { ...none, names: [preset], name_repeated: 1 },
  );
  assert.deepEqual(mapped({ r___name__: '1', 'p_..a': '2', r_ü: '3', r_ü1: '4' }), {
    ...none,
    names: ['ü1'],
    name_invalid: 3,
  });
  assert.deepEqual(mapped({ r_otel_scope_name: '1', 'r_container-name': '2', p_cpu_mode: '3' }), {
    ...none,
    names: [],
    name_taken: 3,
  });
});

test('a value over the limit is left out, and comes when another one has gone', () => {
  const full: string[] = [];
  const mapper = mapperWith({ rules: [ruleOf('x', 'label')], limit: 1, onFull: (each) => full.push(each) });
  const [a, b, c] = ['a', 'b', 'c'].map((id) => labelled({ x: id }, { id }));
  assert.ok(a && b && c);
  assert.deepEqual(
    [a, b, c, a].map((each) => mapper.map(each).resource['container.label.x']),
    ['a', undefined, undefined, 'a'],
  );
  assert.deepEqual(mapper.dropped(), {
    too_many_values: 2,
    name_taken: 0,
    name_repeated: 0,
    name_invalid: 0,
  });
  mapper.forget('a');
  mapper.forget('a');
  assert.equal(mapper.map(b).resource['container.label.x'], 'b');
  assert.deepEqual(mapper.dropped(), {
    too_many_values: 1,
    name_taken: 0,
    name_repeated: 0,
    name_invalid: 0,
  });
  assert.deepEqual(full, ['container.label.x']);
});

test('a service whose name is left out has no instance and no version', () => {
  const rules = [ruleOf('s=service.name', 'label')];
  const mapper = mapperWith({ rules, limit: 1 });
  const labels = { 'org.opencontainers.image.version': '1' };
  mapper.map(labelled({ ...labels, s: 'one' }, { id: '1' }));
  assert.deepEqual(mapper.map(labelled({ ...labels, s: 'two' }, { id: '2' })).resource, {});
});

const anyLabels = fc.dictionary(
  fc.oneof(fc.constantFrom('k', 'l', '__proto__', 'toString', 'a.b', 'a_b'), fc.string({ unit: 'binary' })),
  fc.oneof(fc.constantFrom('1', '2', '3', '4'), fc.string({ unit: 'binary' })),
);
const anyStep = fc.record({
  id: fc.constantFrom('p', 'q', 'r', 's'),
  labels: fc.option(anyLabels, { nil: undefined }),
});

test('whatever containers come, change and go, no attribute has more values than it may, and none is a wrong one', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
      const mapper = mapperWith({ rules: [ruleOf('*=l.$0', 'label')].map(keepingKey), limit: 2 });
      const shown = new Map<string, Readonly<Record<string, string>>>();
      for (const { id, labels } of steps) {
        if (labels) shown.set(id, mapper.map(labelled(labels, { id })).resource);
        else mapper.forget(id);
        if (!labels) shown.delete(id);
        else
          for (const [name, value] of Object.entries(shown.get(id) ?? {}))
            assert.equal(value, labels[name.slice(2)]);
        const values = new Map<string, Set<string>>();
        for (const [name, value] of [...shown.values()].flatMap((each) => Object.entries(each)))
          values.set(name, (values.get(name) ?? new Set()).add(value));
        for (const [name, { size }] of values) assert.ok(size <= 2, name);
      }
      for (const id of shown.keys()) mapper.forget(id);
      assert.deepEqual(mapper.dropped(), {
        too_many_values: 0,
        name_taken: 0,
        name_repeated: 0,
        name_invalid: 0,
      });
    }),
  );
});

/** Every key under a name of its own that nothing else has. */
function keepingKey(rule: ReturnType<typeof ruleOf>): ReturnType<typeof ruleOf> {
  return { ...rule, nameFor: (key) => `l.${key}` };
}
