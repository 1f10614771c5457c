import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileNames } from '../../../src/config/settings/names.ts';
import { wholeCatalogue } from '../../../src/metrics/catalogue.ts';
import { isObservable } from '../../../src/model/instrument.ts';
import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import { lastOf } from '../../../src/sources/cgroup/cgroup-reading.ts';
import { captures, runningContainers, type Capture } from '../../support/wire/recorded-cases.ts';
import { kernelMeasured } from './kernel-measured.ts';
import { observationsOf } from './observed.ts';

const everything = wholeCatalogue(profileNames).containers;

/** Gauges by name or declaration whose value holds when nothing is in use any more. */
const lasting = [
  // Peaks.
  'container.memory.usage.peak',
  'container.memory.usage.max',
  'container_memory_max_usage_bytes',
  // Sums that docker_exporter declares as gauges.
  'docker_container_cpu_used_total',
  'docker_container_disk_read_bytes',
  'docker_container_disk_write_bytes',
  // When it was seen.
  'container_last_seen',
];

/** A container as it is shown after its end, and while it ran. */
function endedAndRunning(capture: Capture, name: string) {
  const running = kernelMeasured(capture, name);
  assert.ok(running.sample);
  const sample = lastOf(running.sample);
  const gone: ContainerSnapshot = { ...running, state: {}, limits: {}, published: false, sample };
  return { running, gone, stopped: { ...gone, state: { status: 'exited' }, published: true } as const };
}

function observed(snapshot: ContainerSnapshot) {
  return everything.flatMap((instrument) =>
    isObservable(instrument, snapshot)
      ? observationsOf(instrument, snapshot).map((each) => ({ instrument, ...each }))
      : [],
  );
}

for (const capture of captures) {
  test(`${capture}: of what has ended, counters and peaks are shown, each as it was read`, () => {
    for (const name of runningContainers(capture)) {
      const { running, gone, stopped } = endedAndRunning(capture, name);
      const before = observed(running);
      for (const { instrument, value, attributes } of observed(gone)) {
        const { kind, name: metric, outlivesPublication } = instrument;
        if (outlivesPublication) continue;
        assert.ok(kind === 'counter' || lasting.includes(metric), `${name}: ${metric}`);
        const same = before.find(
          (each) =>
            each.instrument === instrument && JSON.stringify(each.attributes) === JSON.stringify(attributes),
        );
        assert.equal(value, same?.value, metric);
      }
      const usage = (snapshot: ContainerSnapshot) =>
        observed(snapshot).filter(({ instrument: { source } }) => source === 'stats' || source === 'cgroup');
      assert.deepEqual(usage(stopped), usage(gone));
      const names = observed(gone).map(({ instrument }) => instrument.name);
      for (const metric of [
        'container.cpu.time',
        'container.cpu.usage.total',
        'container_cpu_usage_seconds_total',
        'container.memory.usage.peak',
        'container.memory.oom_kills',
        'container.paging.faults',
      ])
        assert.ok(names.includes(metric), `${capture} ${name}: ${metric}`);
    }
  });
}
