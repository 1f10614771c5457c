import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskUsage, DiskUsageNeeds, Filesystem } from '../../../src/model/disk-usage.ts';
import type { UsageSource } from '../../../src/sources/container-source.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { DiskUsageSchedule } from '../../../src/tracker/disk-usage.ts';
import type { TrackerSetOptions } from '../../../src/tracker/options.ts';
import { TrackerSet } from '../../../src/tracker/tracker-set.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { KeptLog, ObservedProbes } from '../../support/fakes/observed-probes.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { hangUntilAborted, ScriptedSource } from '../../support/fakes/scripted-source.ts';

const minute = 60_000;
const intervalMillis = 10 * minute;
const usage: DiskUsage = { image: { totalBytes: 5, reclaimableBytes: 1 } };

/** A scripted runtime that reports its disk usage. */
class DiskSource extends ScriptedSource {
  calls = 0;
  needs: DiskUsageNeeds | undefined;
  inFlight = 0;
  max = 0;
  answer: (signal: AbortSignal) => Promise<DiskUsage> = () => Promise.resolve(usage);

  async diskUsage(signal: AbortSignal, needs: DiskUsageNeeds): Promise<DiskUsage> {
    this.calls += 1;
    this.needs = needs;
    this.max = Math.max(this.max, ++this.inFlight);
    try {
      return await this.answer(signal);
    } finally {
      this.inFlight -= 1;
    }
  }
}

function scheduled() {
  const clock = new FakeClock();
  const source = new DiskSource([new ScriptedContainer('a', clock)]);
  const log = new KeptLog();
  const needs = { sums: true, containers: true };
  const schedule = new DiskUsageSchedule({ source, clock, log, intervalMillis, needs });
  return { clock, source, log, schedule };
}

test('measures at once and then by its interval, and reports cost and time', async () => {
  const { clock, source, schedule } = scheduled();
  source.answer = async () => {
    await clock.sleep(7000);
    return usage;
  };
  assert.equal(schedule.report, undefined);
  const since = clock.now();
  void schedule.run();
  await clock.advance(6999);
  assert.equal(schedule.report, undefined);
  await clock.advance(1);
  const measuredAt = clock.now();
  assert.deepEqual(schedule.report, { usage, measuredAt, seconds: 7, failures: new Map(), since });
  await clock.advance(intervalMillis - 1);
  assert.equal(source.calls, 1);
  await clock.advance(1);
  assert.equal(source.calls, 2);
  schedule.close();
});

test('never overlaps itself, however long the runtime takes and whoever asks again', async () => {
  const { clock, source, schedule } = scheduled();
  source.answer = () => clock.sleep(3 * intervalMillis).then(() => usage);
  void schedule.run();
  void schedule.run();
  await clock.advance(19 * intervalMillis);
  assert.equal(source.max, 1);
  assert.equal(source.calls, 5);
  schedule.close();
});

test('a failure is counted by type and hides the figures until the next success; logged once per change', async () => {
  const { clock, source, log, schedule } = scheduled();
  void schedule.run();
  await clock.advance(0);
  source.answer = () => Promise.reject(new SourceError('not-found', 'page not found'));
  await clock.advance(2 * intervalMillis);
  assert.deepEqual(schedule.report?.failures, new Map([['not-found', 2]]));
  assert.equal(schedule.report?.usage, undefined);
  assert.equal(schedule.report?.measuredAt, undefined);
  assert.equal(schedule.report?.seconds, 0);
  assert.deepEqual(log.messages, ['disk usage cannot be measured']);
  source.answer = () => Promise.resolve(usage);
  await clock.advance(intervalMillis);
  assert.deepEqual(schedule.report?.usage, usage);
  assert.deepEqual(schedule.report?.failures, new Map([['not-found', 2]]));
  assert.deepEqual(log.messages.slice(1), ['disk usage is measured again']);
  schedule.close();
});

test('a runtime that is away is asked again within a minute, one that lacks the call is not', async () => {
  const { clock, source, schedule } = scheduled();
  source.answer = () => Promise.reject(new SourceError('unreachable', 'gone'));
  void schedule.run();
  await clock.advance(10 * minute);
  const calls = source.calls;
  assert.ok(calls >= 10, `${calls} calls`);
  source.answer = () => Promise.reject(new SourceError('not-found', 'page not found'));
  await clock.advance(minute);
  assert.equal(source.calls, calls + 1);
  await clock.advance(intervalMillis - minute);
  assert.equal(source.calls, calls + 1);
  schedule.close();
});

test('a runtime that measures for somebody else is asked again in seconds', async () => {
  const { clock, source, schedule } = scheduled();
  source.answer = () =>
    Promise.reject(new SourceError('runtime-error', 'status 500: a disk usage operation is already running'));
  void schedule.run();
  await clock.advance(0);
  source.answer = () => Promise.resolve(usage);
  await clock.advance(6000);
  assert.deepEqual([source.calls, schedule.report?.usage], [2, usage]);
  await clock.advance(intervalMillis);
  assert.equal(source.calls, 3);
  schedule.close();
});

test('a runtime that goes on refusing is asked ever less, by the interval at the end', async () => {
  const { clock, source, schedule } = scheduled();
  source.answer = () => Promise.reject(new SourceError('runtime-error', 'status 403: no'));
  void schedule.run();
  await clock.advance(10 * intervalMillis);
  const calls = source.calls;
  assert.ok(calls < 20, `${calls} calls`);
  await clock.advance(5 * intervalMillis);
  assert.equal(source.calls, calls + 5);
  schedule.close();
});

test('closing gives up the call under way, counts nothing and asks no more', async () => {
  const { clock, source, log, schedule } = scheduled();
  source.answer = hangUntilAborted;
  const ended = schedule.run();
  await clock.advance(1000);
  schedule.close();
  await ended;
  assert.equal(source.inFlight, 0);
  assert.deepEqual([schedule.report, log.messages, clock.sleepers], [undefined, [], 0]);
});

function trackerSet(diskUsageIntervalMillis: number, parts: Partial<TrackerSetOptions> = {}) {
  const { clock, source, log } = scheduled();
  const timing = { minProbeIntervalMillis: 1000, probeTimeoutMillis: 120_000, diskUsageIntervalMillis };
  const set = new TrackerSet({ source, observer: new ObservedProbes(), clock, log, ...timing, ...parts });
  return { clock, source, set };
}

test('a probe neither waits for it nor asks for it', async () => {
  const { clock, source, set } = trackerSet(intervalMillis);
  source.answer = hangUntilAborted;
  await set.update(minute);
  assert.equal(source.calls, 0);
  set.beginDiskUsage();
  await clock.advance(5000);
  assert.equal(await set.update(minute), 'probed');
  assert.deepEqual(
    [source.calls, set.snapshot().containerCount, set.snapshot().diskUsage],
    [1, 1, undefined],
  );
  set.close();
});

const filesystem: Filesystem = { device: '/dev/sda1', capacityBytes: 100, availableBytes: 40 };

test('a container has its writable layer and the file system that holds it, until a measurement fails', async () => {
  const directories: string[] = [];
  const usageSource: UsageSource = {
    kind: 'cgroup',
    round: () => ({ read: () => Promise.resolve(undefined), close: () => undefined }),
    filesystem: (directory) => {
      directories.push(directory);
      return Promise.resolve(filesystem);
    },
  };
  const needs = { sums: false, containers: true };
  const { clock, source, set } = trackerSet(intervalMillis, { usage: usageSource, diskUsageNeeds: needs });
  source.description = { storageDirectory: '/var/lib/docker' };
  const [first] = source.containers;
  assert.ok(first);
  source.containers.push(new ScriptedContainer('unmeasured', clock));
  source.answer = () => Promise.resolve({ writableLayers: new Map([[first.id, 7]]) });
  const shown = () => set.snapshot().containers.map((each) => each.filesystem);
  await set.update(minute);
  assert.deepEqual(shown(), [undefined, undefined]);
  set.beginDiskUsage();
  await clock.advance(0);
  assert.deepEqual(source.needs, needs);
  assert.deepEqual(directories, ['/var/lib/docker']);
  assert.deepEqual(shown(), [{ usageBytes: 7, filesystem }, undefined]);
  assert.deepEqual(set.snapshot().diskUsage?.filesystem, filesystem);
  source.answer = () => Promise.reject(new SourceError('not-found', 'page not found'));
  await clock.advance(intervalMillis);
  assert.deepEqual(shown(), [undefined, undefined]);
  set.close();
});

test('a file system that does not respond is absent and counted, and the layers hold', async () => {
  const clock = new FakeClock();
  const source = new DiskSource([]);
  const usageOfLayers: DiskUsage = { writableLayers: new Map([['id', 7]]) };
  source.answer = () => Promise.resolve(usageOfLayers);
  const schedule = new DiskUsageSchedule({
    source,
    clock,
    log: new KeptLog(),
    intervalMillis,
    needs: { sums: false, containers: true },
    filesystem: () => Promise.reject(new SourceError('timeout', 'it does not respond')),
  });
  void schedule.run();
  await clock.advance(0);
  const { usage: shown, filesystem: none, failures } = schedule.report ?? {};
  assert.deepEqual([shown, none], [usageOfLayers, undefined]);
  assert.deepEqual([...(failures ?? [])], [['timeout', 1]]);
  schedule.close();
});

test('interval 0: never', async () => {
  const { clock, source, set } = trackerSet(0);
  set.beginDiskUsage();
  await clock.advance(intervalMillis);
  assert.deepEqual([source.calls, set.snapshot().diskUsage], [0, undefined]);
  set.close();
});

test('containers are counted by state from each list, and not while the runtime is away', async () => {
  const { clock, source, set } = trackerSet(0);
  source.containers.push(new ScriptedContainer('b', clock), new ScriptedContainer('c', clock));
  const [, , last] = source.containers;
  assert.ok(last);
  last.status = 'exited';
  await set.update(minute);
  assert.deepEqual(
    set.snapshot().containersByStatus,
    new Map([
      ['running', 2],
      ['exited', 1],
    ]),
  );
  source.before = () => {
    throw new SourceError('unreachable', 'gone');
  };
  await clock.advance(2000);
  await set.update(minute);
  assert.equal(set.snapshot().containersByStatus, undefined);
  set.close();
});
