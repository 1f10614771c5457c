import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileNames } from '../../../src/config/settings/names.ts';
import {
  catalogueOf,
  wholeCatalogue,
  type ProfileName,
  conflictsOf,
} from '../../../src/metrics/catalogue.ts';
import { exposedMetric } from '../../../src/metrics/prometheus-names.ts';
import type { ContainerInstrument } from '../../../src/model/instrument.ts';
import { combinations } from '../../support/fakes/combinations.ts';

function named(profile: ProfileName) {
  return { profile, ...wholeCatalogue([profile]) };
}

function instrument(name: string, parts: Partial<ContainerInstrument> = {}): ContainerInstrument {
  return {
    name,
    kind: 'gauge',
    unit: '',
    description: 'For a test',
    attributes: [],
    source: 'stats',
    stability: 'extension',
    observe: () => undefined,
    ...parts,
  };
}

/** Conflicts of two profiles that hold one metric each. */
function between(first: ContainerInstrument, second: ContainerInstrument): readonly string[] {
  const conflicts = conflictsOf([
    { profile: 'one', containers: [first], runtime: [] },
    { profile: 'two', containers: [second], runtime: [] },
  ]);
  return conflicts.map(({ exposedName, differs, ...parties }) => {
    assert.deepEqual([parties.first.profile, parties.second.profile], ['one', 'two']);
    return `${exposedName}: ${differs.join()}`;
  });
}

/** Every two profiles that cannot go together, and what they quarrel about. */
const quarrels: readonly (readonly [ProfileName, ProfileName, ...string[]])[] = [
  [
    'semconv',
    'cadvisor',
    'container_memory_usage_bytes',
    'container_memory_working_set_bytes',
    'container_start_time_seconds',
  ],
  [
    'docker_stats',
    'cadvisor',
    'container_memory_total_active_file_bytes',
    'container_memory_total_inactive_file_bytes',
  ],
];

for (const profile of profileNames) {
  test(`${profile}: no two of its metrics want one name, those off by default included`, () => {
    assert.deepEqual(conflictsOf([named(profile)]), []);
    const { containers, runtime } = wholeCatalogue([profile]);
    const names = [...containers, ...runtime].map((each) => exposedMetric(each).name);
    assert.equal(new Set(names).size, names.length);
  });
}

for (const profiles of combinations(profileNames)) {
  test(`${profiles.join(' + ')}: in conflict exactly where two of them are known to be`, () => {
    const found = conflictsOf(profiles.map(named));
    const expected = quarrels.filter(([one, two]) => profiles.includes(one) && profiles.includes(two));
    for (const { first, second } of found) assert.notEqual(first.profile, second.profile);
    assert.deepEqual(
      found.map(({ exposedName }) => exposedName).toSorted(),
      expected.flatMap(([, , ...names]) => names).toSorted(),
    );
  });
}

test('other labels, type or unit under one exposed name are a conflict; a whole agreement is none', () => {
  const rss = instrument('container.memory.rss', { unit: 'By', kind: 'updowncounter' });
  assert.deepEqual(between(rss, { ...rss, kind: 'gauge', description: 'Another' }), []);
  assert.deepEqual(between(rss, instrument('container.memory.rss.bytes', { unit: 'By' })), []);
  const labelled = instrument('container.memory_rss', { unit: 'By', attributes: ['mode'] });
  assert.deepEqual(between(rss, labelled), ['container_memory_rss_bytes: labels']);
  const plain = instrument('container.memory.rss.bytes');
  assert.deepEqual(between(rss, plain), ['container_memory_rss_bytes: unit']);
  const total = instrument('a.total', { kind: 'gauge' });
  assert.deepEqual(between(total, instrument('a', { kind: 'counter' })), ['a_total: type']);
});

test('a literal metric has no identity, and so other labels than one that has', () => {
  const literal = instrument('container_a', { literal: { type: 'gauge' } });
  assert.deepEqual(between(literal, instrument('container.a')), ['container_a: labels']);
  assert.deepEqual(between(literal, { ...literal, unit: 'By' }), []);
});

test('OpenMetrics calls the family of a counter by its name without _total, and adds _created', () => {
  const counter = instrument('a.b', { kind: 'counter' });
  assert.deepEqual(between(counter, instrument('a.b')), ['a_b: type,name']);
  assert.deepEqual(between(counter, instrument('a.b.created')), ['a_b_created: type,name']);
  assert.deepEqual(between(counter, instrument('a.b.count', { kind: 'counter' })), []);
});

test('one name of OTLP with two units is a conflict, though Prometheus would tell them apart', () => {
  const seconds = instrument('a.time', { unit: 's' });
  assert.deepEqual(between(seconds, instrument('a.time', { unit: 'ms' })), [
    'a_time_milliseconds: unit,name',
  ]);
});

test('what two profiles agree on is there once', () => {
  const { containers, runtime } = catalogueOf([...profileNames, ...profileNames]);
  const names = [...containers, ...runtime].map((each) => exposedMetric(each).name);
  assert.equal(new Set(names).size, names.length);
});
