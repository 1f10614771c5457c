import assert from 'node:assert/strict';
import { test } from 'node:test';
import { semconvOptional } from '../../../src/metrics/semconv/optional.ts';
import { catalogueOf, neededParts, wholeCatalogue } from '../../../src/metrics/catalogue.ts';
import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import { observationsOf, snapshotWith } from './observed.ts';
import { optionalUsage } from './optional-usage.ts';

const sample = { takenAt: 1, windows: false, ...optionalUsage };

function valuesOf(name: string, parts: Partial<ContainerSnapshot> = {}): readonly (readonly unknown[])[] {
  const instrument = semconvOptional.find((each) => each.name === name);
  assert.ok(instrument, name);
  const observed = observationsOf(instrument, snapshotWith({ sample, ...parts }));
  return observed.map(({ value, attributes }) => [value, ...Object.values(attributes)]);
}

test('huge pages by size, and memory by NUMA node with the cgroups below', () => {
  assert.deepEqual(valuesOf('container.memory.linux.hugepages.usage'), [[4_194_304, '2MB']]);
  assert.deepEqual(valuesOf('container.memory.linux.hugepages.usage.peak'), [[8_388_608, '2MB']]);
  assert.deepEqual(valuesOf('container.memory.linux.hugepages.failures'), [[3, '2MB']]);
  assert.deepEqual(valuesOf('container.memory.linux.numa.usage'), [
    [8192, '0', 'anonymous'],
    [12_288, '1', 'page_cache'],
  ]);
});

test('processes, threads by state, what they have open, and its limit', () => {
  assert.deepEqual(valuesOf('container.process.count'), [[5]]);
  assert.deepEqual(valuesOf('container.thread.count'), [
    [0, 'running'],
    [6, 'sleeping'],
    [1, 'uninterruptible'],
    [0, 'stopped'],
  ]);
  assert.deepEqual(valuesOf('container.unix.file_descriptor.count'), [[20]]);
  assert.deepEqual(valuesOf('container.unix.socket.count'), [[4]]);
  assert.deepEqual(valuesOf('container.unix.file_descriptor.limit'), [[1024]]);
  const unlimited = { sample: { ...sample, process: { maxOpenFiles: Infinity } } };
  assert.deepEqual(valuesOf('container.unix.file_descriptor.limit', unlimited), []);
});

test('connections by state and type; none of a network that is shared', () => {
  const all = valuesOf('container.network.connection.count');
  assert.equal(all.length, 22);
  assert.deepEqual(
    all.filter(([value]) => value !== 0),
    [
      [2, 'established', 'tcp', 'ipv4'],
      [1, 'listen', 'tcp', 'ipv6'],
    ],
  );
  const sharedNetwork = { ownerId: 'a', isCountedHere: true };
  assert.deepEqual(valuesOf('container.network.connection.count', { sharedNetwork }), []);
});

test('they are off by default, and no file is read for them then', () => {
  const parts = ['hugePages', 'numa', 'processes', 'tasks', 'descriptors', 'limits', 'tcp'] as const;
  const [off, on] = [catalogueOf(['semconv']), wholeCatalogue(['semconv'])].map(neededParts);
  for (const part of parts) assert.deepEqual([off?.has(part), on?.has(part)], [false, true], part);
});
