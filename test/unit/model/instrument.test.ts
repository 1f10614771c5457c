import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileNames } from '../../../src/config/settings/names.ts';
import { wholeCatalogue } from '../../../src/metrics/catalogue.ts';
import { isObservable, stampedAt, stampedBy, stampOf } from '../../../src/model/instrument.ts';
import { snapshotWith } from '../metrics/observed.ts';

const { containers } = wholeCatalogue(profileNames);

function stampNamed(name: string): string | undefined {
  const instrument = containers.find((each) => each.name === name);
  return instrument && stampOf(instrument);
}

test('usage is stamped by the part of the sample that it comes from, whatever the source', () => {
  assert.equal(stampNamed('container.cpu.time'), 'cpu');
  assert.equal(stampNamed('container.memory.usage'), 'memory');
  assert.equal(stampNamed('container.network.io'), 'networks');
  assert.equal(stampNamed('container_fs_reads_bytes_total'), 'blockIo');
  assert.equal(stampNamed('docker_container_cpu_used_total'), 'cpu');
  assert.equal(stampNamed('container.status.state'), 'state');
  assert.equal(stampNamed('container.events'), 'now');
  for (const source of ['cgroup', 'proc'] as const) assert.equal(stampOf({ source }), 'sample');
});

test('an instrument of a list that has its own stamp keeps it', () => {
  const [first] = containers.filter((each) => stampOf(each) === 'state');
  assert.ok(first);
  assert.deepEqual(stampedBy('cpu', [first]), [first]);
});

test('a part that was read apart has its own time, all others that of the sample', () => {
  const sample = { takenAt: 5000, windows: false, partTimes: { networks: 4000 } };
  const snapshot = snapshotWith({ sample, stateAt: 3000 });
  const at = (stamp: Parameters<typeof stampedAt>[0]): number => stampedAt(stamp, snapshot, 9000);
  assert.deepEqual(
    [at('networks'), at('cpu'), at('sample'), at('state'), at('now')],
    [4000, 5000, 5000, 3000, 9000],
  );
  assert.equal(stampedAt('cpu', snapshotWith({ stateAt: 3000 }), 9000), 3000, 'without a sample, the state');
});

test('of an unpublished container failures and events stay', () => {
  const kept = containers.filter((each) => isObservable(each, { published: false }));
  assert.deepEqual(kept.map(({ name }) => name).toSorted(), [
    'container.events',
    'container.exits',
    'container_oom_events_total',
    'docker_probe_container_failed_total',
    'tidegauge.container.probe.failures',
  ]);
  assert.ok(containers.every((each) => isObservable(each, { published: true })));
});
