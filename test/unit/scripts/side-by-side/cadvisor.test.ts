import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '../../../support/wire/exposition.ts';
import { cadvisorPoints } from '../../../../scripts/side-by-side/cadvisor.ts';
import { agrees, pairsOfPoints } from '../../../../scripts/side-by-side/compare.ts';

const moments = { at: [60_000], pauseMillis: 60_000 };
const point = (line: string) => cadvisorPoints(parseExposition(line).series);

test("cAdvisor's series become points at its time, with its names of devices and without empty labels", () => {
  const points =
    point(`container_blkio_device_usage_total{device="/dev/vda",id="/docker/1",image="",major="254",minor="0",name="a",operation="Read"} 7 59000
container_fs_reads_total{device="/dev/vda",id="/docker/1",image="",name="a"} 3 59000
container_fs_reads_total{device="/dev/vdb",id="/docker/1",image="",name="a"} 99 59000
container_cpu_load_average_10s{id="/docker/1",name="a"} 0 59000`);
  assert.deepEqual(
    points.map(({ name, attributes, value }) => [name, attributes['device'], value]),
    [
      ['container_blkio_device_usage_total', '/dev/vda', 7],
      ['container_fs_reads_total', '/dev/vda', 3],
    ],
  );
  const [first] = points;
  assert.equal(first?.nanos, 59_000_000_000n);
  assert.equal(first.resource['container.name'], 'a');
  assert.ok(!('image' in first.attributes) && !('name' in first.attributes));
});

test('a series with another label is another series', () => {
  const theirs = point('container_threads{id="/docker/1",name="a"} 2 59000');
  const ours = point('container_threads{id="/docker/2",name="a"} 2 59000');
  const pairs = pairsOfPoints(theirs, ours, moments);
  assert.equal(pairs.length, 2);
  assert.ok(!pairs.every(agrees));
});

test('points in time agree within the skew, however large they are', () => {
  const started = (second: number) =>
    point(`container_start_time_seconds{id="/docker/1",name="a"} ${second} 59000`);
  const [near] = pairsOfPoints(started(1_795_000_003), started(1_795_000_000), moments);
  const [far] = pairsOfPoints(started(1_795_000_004), started(1_795_000_000), moments);
  assert.ok(near && agrees(near) && far && !agrees(far));
});

test('memory whose name does not end with its unit has the same floor as other memory', () => {
  const rss = (bytes: number) => point(`container_memory_rss{id="/docker/1",name="a"} ${bytes} 59000`);
  const [pair] = pairsOfPoints(rss(118_784), rss(114_688), moments);
  assert.ok(pair && agrees(pair));
});

test('the host’s root and the machine are compared, too, without what cAdvisor says of itself', () => {
  const points = point(`container_threads{id="/",image="",name=""} 9 59000
machine_memory_bytes{boot_id="b",machine_id="",system_uuid="s"} 5 59000
cadvisor_version_info{cadvisorRevision="r",cadvisorVersion="v",kernelVersion="6"} 1 59000`);
  assert.deepEqual(
    points.map(({ resource, attributes }) => [resource['container.name'], attributes]),
    [
      ['/', {}],
      ['machine', { boot_id: 'b', system_uuid: 's' }],
      ['machine', { kernelVersion: '6' }],
    ],
  );
});

test('what means something else in cAdvisor is left out', () => {
  const points = point(`container_fs_inodes_total{device="/dev/vda",id="/docker/1",name="a"} 2 59000
container_fs_inodes_total{device="/dev/vda",id="/"} 9 59000
container_fs_usage_bytes{device="overlay_0-116",id="/"} 9 59000
container_fs_usage_bytes{device="/dev/shm",id="/"} 9 59000
container_fs_usage_bytes{device="/dev/vda",id="/docker/1",name="a"} 9 59000
container_memory_failures_total{failure_type="pgfault",id="/",scope="hierarchy"} 9 59000
container_memory_failures_total{failure_type="pgfault",id="/docker/1",name="a",scope="hierarchy"} 9 59000
container_start_time_seconds{id="/"} 9 59000
container_tasks_state{id="/docker/1",name="a",state="sleeping"} 9 59000
container_tasks_state{id="/docker/1",name="a",state="stopped"} 9 59000
container_pressure_cpu_waiting_seconds_total{id="/"} 0 59000`);
  assert.deepEqual(
    points.map(({ name, resource }) => [name, resource['container.name']]),
    [
      ['container_fs_inodes_total', '/'],
      ['container_fs_usage_bytes', 'a'],
      ['container_memory_failures_total', 'a'],
      ['container_tasks_state', 'a'],
    ],
  );
});
