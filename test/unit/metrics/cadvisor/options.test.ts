import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  labelMakers,
  withCadvisorOptions,
  type LabelChoice,
} from '../../../../src/metrics/cadvisor/options.ts';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import type { Attributes } from '../../../../src/model/instrument.ts';
import { identity, observationsOf, snapshotWith } from '../observed.ts';

const state = { status: 'running' as const };
const labels = { 'com.example/team': 'a', stage: 'prod', empty: '' };
const environment = ['STAGE=test', 'APP_VERSION=1=2', 'APP_EMPTY=', 'SECRET=x', 'app_version=3', 'NOTHING'];
const sample = {
  takenAt: 20_500,
  windows: false,
  cpu: { totalNanos: 3e9, perCpuNanos: [1e9, 2e9] },
};
const snapshot = snapshotWith({ state, identity: { ...identity, labels, environment }, sample });

function observed(name: string, choice: LabelChoice, perCpu = true) {
  const options = { labels: labelMakers(choice), perCpu };
  const instrument = withCadvisorOptions(profiles.cadvisor.containers, options).find(
    (each) => each.name === name,
  );
  assert.ok(instrument);
  return { instrument, observations: observationsOf(instrument, snapshot) };
}

function ownLabels(choice: LabelChoice): Attributes {
  const [seen] = observed('container_last_seen', choice).observations;
  const { id, name, image: _image, ...own } = seen?.attributes ?? {};
  assert.deepEqual([typeof id, name], ['string', 'web'], 'the identity stays');
  return own;
}

describe('labels of a container in profile cadvisor', () => {
  test('are all of its own by default, and none of its variables', () => {
    assert.deepEqual(ownLabels({ variables: [] }), {
      container_label_com_example_team: 'a',
      container_label_stage: 'prod',
    });
  });

  test('are those that were named, by their whole names', () => {
    const chosen = (...names: string[]) => ownLabels({ labels: new Set(names), variables: [] });
    assert.deepEqual(chosen(), {});
    assert.deepEqual(chosen('stage', 'com.example'), { container_label_stage: 'prod' });
    assert.deepEqual(chosen('com.example/team'), { container_label_com_example_team: 'a' });
  });

  test('are variables too, in small letters, by the beginning of their names', () => {
    const chosen = (...variables: string[]) => ownLabels({ labels: new Set(), variables });
    assert.deepEqual(chosen('STAGE'), { container_env_stage: 'test' });
    assert.deepEqual(chosen('APP_', 'STA'), {
      container_env_app_version: '1=2',
      container_env_stage: 'test',
    });
    assert.deepEqual(chosen('APP_', 'app_'), { container_env_app_version: '3' });
    assert.deepEqual(chosen('stage', 'NOTHING'), {});
  });

  test('are declared with their keys', () => {
    const keysOf = (choice: LabelChoice) =>
      observed('container_cpu_usage_seconds_total', choice).instrument.attributes;
    assert.deepEqual(keysOf({ variables: [] }), ['id', 'name', 'image', 'container_label_*', 'cpu']);
    assert.deepEqual(keysOf({ labels: new Set(), variables: ['A'] }), [
      'id',
      'name',
      'image',
      'container_env_*',
      'cpu',
    ]);
  });
});

test('CPU time is by CPU, or in total', () => {
  const cpus = (perCpu: boolean) =>
    observed('container_cpu_usage_seconds_total', { variables: [] }, perCpu).observations.map(
      ({ value, attributes }) => [attributes['cpu'], value],
    );
  assert.deepEqual(cpus(true), [
    ['cpu00', 1],
    ['cpu01', 2],
  ]);
  assert.deepEqual(cpus(false), [['total', 3]]);
});

test('other profiles and the stamps of samples stay as they are', () => {
  const options = { labels: labelMakers({ variables: [] }), perCpu: false };
  const { containers } = profiles.semconv;
  assert.deepEqual(withCadvisorOptions(containers, options), containers);
  const before = profiles.cadvisor.containers.map(({ stampedBy }) => stampedBy);
  const after = withCadvisorOptions(profiles.cadvisor.containers, options).map(({ stampedBy }) => stampedBy);
  assert.deepEqual(after, before);
});
