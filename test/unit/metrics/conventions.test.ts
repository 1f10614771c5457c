import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { parse } from 'yaml';
import { z } from 'zod';
import { profiles } from '../../../src/metrics/catalogue.ts';
import { containerResource, hostResource, identityKeys, infoKeys } from '../../../src/attributes/resource.ts';
import type { ContainerIdentity } from '../../../src/model/container.ts';
import type { ContainerInstrument } from '../../../src/model/instrument.ts';
import { mapperWith } from '../../support/fakes/attribute-mapper.ts';
import { captures, runningContainers } from '../../support/wire/recorded-cases.ts';
import {
  identity,
  observationsOf,
  recordedAnswers,
  runtime,
  snapshotFrom,
  snapshotWith,
} from './observed.ts';

const { containers } = profiles.semconv;

/** Names of the conventions' constants that begin so, the deprecated ones too. */
function constants(prefix: string): Map<string, string> {
  const all: readonly [string, unknown][] = Object.entries({ ...stable, ...incubating });
  return new Map(
    all.flatMap(([key, name]) => (key.startsWith(prefix) && typeof name === 'string' ? [[name, key]] : [])),
  );
}

/** The conventions' model; the fixture has its source. */
const model = z
  .strictObject({
    metrics: z.record(
      z.string(),
      z.strictObject({
        instrument: z.string(),
        unit: z.string(),
        stability: z.string(),
        deprecated: z.literal(true).optional(),
        attributes: z.array(z.string()),
      }),
    ),
    attributes: z.record(
      z.string(),
      z.strictObject({
        type: z.string().optional(),
        deprecated: z.literal(true).optional(),
        members: z
          .array(z.strictObject({ value: z.string(), deprecated: z.literal(true).optional() }))
          .optional(),
      }),
    ),
  })
  .parse(parse(readFileSync(join(import.meta.dirname, '../../fixtures/semconv.yaml'), 'utf8')));

const constantsFile = fileURLToPath(
  new URL(
    'experimental_metrics.d.mts',
    import.meta.resolve('@opentelemetry/semantic-conventions/incubating'),
  ),
);

/**
 * Attributes of the conventions that a metric of ours lacks, on purpose: docs/metrics/names.md has the reasons.
 */
const deviations: Readonly<Record<string, readonly string[]>> = {
  'container.cpu.usage': ['cpu.mode'],
};

/** The values of each attribute that the recorded containers show. */
function observedValues(): Map<string, Set<string>> {
  const snapshots = captures.flatMap((capture) =>
    runningContainers(capture).map((name) => snapshotFrom(recordedAnswers(capture, name))),
  );
  const values = new Map<string, Set<string>>();
  for (const each of containers)
    for (const { attributes } of snapshots.flatMap((snapshot) => observationsOf(each, snapshot)))
      for (const [key, value] of Object.entries(attributes))
        values.set(key, (values.get(key) ?? new Set()).add(String(value)));
  return values;
}

function instrument(name: string): ContainerInstrument {
  const found = containers.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
}

function mapped(of: ContainerIdentity): ContainerIdentity {
  return { ...of, mapped: mapperWith().map(of) };
}

test('every metric that the conventions have is given, a former name excepted', () => {
  const ours = new Set(containers.map(({ name }) => name));
  const missing = [...constants('METRIC_CONTAINER_').keys()].filter((name) => !ours.has(name));
  assert.deepEqual(missing.sort(), [
    // The former name of container.paging.faults: giving both would count every fault twice.
    'container.memory.paging.faults',
  ]);
});

test('names that claim to be the conventions’ are, and ours claim to be extensions', () => {
  const theirs = constants('METRIC_');
  for (const { name, stability } of containers)
    assert.equal(stability !== 'extension', theirs.has(name), `${name} is ${stability}`);
});

test('kind, unit, stability and attributes of the conventions’ metrics are those of their model', () => {
  for (const found of containers.filter(({ stability }) => stability !== 'extension')) {
    const { instrument: kind, unit, stability, deprecated, attributes } = model.metrics[found.name] ?? {};
    assert.deepEqual([found.kind, found.unit, found.stability], [kind, unit, stability], found.name);
    assert.equal(deprecated, undefined, `${found.name} is deprecated`);
    const left = deviations[found.name] ?? [];
    const expected = attributes?.filter((key) => !left.includes(key)) ?? [];
    assert.deepEqual(found.attributes.toSorted(), expected.toSorted(), found.name);
  }
});

test('recorded: values of the conventions’ attributes are among their members, and none is deprecated', () => {
  const seen = observedValues();
  for (const [key, { members, deprecated }] of Object.entries(model.attributes)) {
    assert.equal(deprecated, undefined, `${key} is deprecated`);
    const allowed = members?.filter((each) => each.deprecated !== true).map(({ value }) => value);
    const values = [...(seen.get(key) ?? [])];
    assert.ok(values.length > 0, key);
    if (allowed)
      assert.deepEqual(
        values.filter((value) => !allowed.includes(value)),
        [],
        key,
      );
  }
  assert.deepEqual([...(seen.get('cpu.mode') ?? [])].toSorted(), ['system', 'user']);
});

test('the model is that of the pinned constants: each of its names is there, deprecated where it is deprecated', () => {
  const theirs = constants('METRIC_CONTAINER_');
  assert.deepEqual(Object.keys(model.metrics).toSorted(), [...theirs.keys()].toSorted());
  const declared = readFileSync(constantsFile, 'utf8');
  for (const [name, { deprecated }] of Object.entries(model.metrics)) {
    const comment = declared
      .split(`declare const ${theirs.get(name)}:`)[0]
      ?.split('/**')
      .at(-1);
    assert.equal(comment?.includes('@deprecated') === true, deprecated === true, name);
  }
});

test('names of our own follow a metric that the conventions have for Kubernetes, where there is one', () => {
  const theirs = constants('METRIC_K8S_CONTAINER_');
  for (const name of [
    'container.cpu.limit.current',
    'container.cpu.limit.utilization',
    'container.memory.limit.current',
    'container.memory.limit.utilization',
    'container.status.state',
  ]) {
    assert.ok(theirs.has(`k8s.${name}`), name);
    instrument(name);
  }
});

test('attribute keys are the conventions’, ours named here', () => {
  const theirs = constants('ATTR_');
  const keys = new Set(containers.flatMap(({ attributes }) => attributes));
  const ofLabels = incubating.ATTR_CONTAINER_LABEL('');
  const ours = [...keys].filter((key) => !theirs.has(key) && !key.startsWith(ofLabels));
  // After k8s.container.status.state; a health has no pattern there. Names of what only Linux has say so, as in
  // system.*.
  assert.deepEqual(ours.sort(), [
    'container.event.action',
    'container.exit.class',
    'container.exit.code',
    'container.health.status',
    'container.memory.linux.event',
    'container.memory.linux.hugepages.size',
    'container.memory.linux.lru.list',
    'container.memory.linux.numa.node',
    'container.memory.linux.numa.type',
    'container.memory.linux.page_cache.state',
    'container.memory.linux.transparent_hugepages.cause',
    'container.memory.linux.type',
    'container.network.owner.id',
    'container.paging.linux.operation',
    'container.paging.linux.workingset.event',
    'container.pressure.resource',
    'container.status.state',
    'container.thread.state',
  ]);
  for (const key of [
    incubating.ATTR_CPU_MODE,
    incubating.ATTR_DISK_IO_DIRECTION,
    incubating.ATTR_NETWORK_INTERFACE_NAME,
    incubating.ATTR_NETWORK_IO_DIRECTION,
    incubating.ATTR_SYSTEM_PAGING_FAULT_TYPE,
  ])
    assert.ok(keys.has(key), key);
});

test('a resource has only keys of the conventions', () => {
  const theirs = constants('ATTR_');
  const resource = containerResource(
    snapshotWith({
      identity: mapped({
        ...identity,
        image: { name: 'app', tags: ['1'], id: 'sha256:1', repoDigests: ['app@sha256:2'] },
        labels: {
          'io.kubernetes.pod.name': 'pod',
          'io.kubernetes.pod.namespace': 'space',
          'io.kubernetes.pod.uid': 'uid',
          'io.kubernetes.container.name': 'c',
        },
      }),
    }),
  );
  for (const key of Object.keys(resource)) assert.ok(theirs.has(key), key);
  assert.equal(Object.keys(resource).length, 14);
  const ofLabels = incubating.ATTR_CONTAINER_LABEL('');
  const ours = new Set(
    [...infoKeys, ...identityKeys].filter((key) => !theirs.has(key) && !key.startsWith(ofLabels)),
  );
  assert.deepEqual([...ours], ['container.network.owner.id']);
});

test('a resource says who the container is, with lists as lists', () => {
  const image = {
    reference: 'reg:5000/app:1.2',
    name: 'reg:5000/app',
    tags: ['1.2'],
    id: 'sha256:1',
    repoDigests: [],
  };
  assert.deepEqual(containerResource(snapshotWith({ identity: { ...identity, image } })), {
    'container.id': identity.id,
    'container.name': 'web',
    'container.image.name': 'reg:5000/app',
    'container.image.tags': ['1.2'],
    'container.image.id': 'sha256:1',
    'container.runtime.name': 'docker',
    'container.runtime.version': '28.0.0',
    'host.name': 'docker-host',
    'host.id': 'AAAA',
  });
});

test('labels of a kubelet become the attributes of Kubernetes; other labels stay where they are', () => {
  const labels = {
    'io.kubernetes.pod.name': 'web-7',
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.pod.uid': 'u-1',
    'io.kubernetes.container.name': 'nginx',
    'io.kubernetes.container.logpath': '/var/log/pods/x',
    'com.example': 'x',
  };
  const resource = containerResource(snapshotWith({ identity: mapped({ ...identity, labels }) }));
  assert.deepEqual(
    Object.entries(resource).filter(([key]) => key.startsWith('k8s.')),
    [
      [stable.ATTR_K8S_POD_NAME ?? '', 'web-7'],
      ['k8s.namespace.name', 'shop'],
      ['k8s.pod.uid', 'u-1'],
      ['k8s.container.name', 'nginx'],
    ],
  );
  assert.ok(!JSON.stringify(resource).includes('com.example'));
});

test('a host that does not tell its name has none', () => {
  assert.deepEqual(hostResource({ runtime: { name: 'x', runtimeName: 'docker', warnings: [] } }), {});
  assert.deepEqual(hostResource({ runtime }), { 'host.name': 'docker-host', 'host.id': 'AAAA' });
});
