// One piece, because a run is watched, read and handed over by one rule, whether the kernel announces its end or not.
import { dirname, join, relative } from 'node:path';
import type { Sample } from '../../model/sample.ts';
import type { EndedRun } from '../container-source.ts';
import { idIn } from './cgroup-paths.ts';
import { eventsOf } from './cgroup-place.ts';
import type { CgroupPlace } from './cgroup-place.ts';
import { lastOf } from './cgroup-reading.ts';
import type { CgroupReading } from './cgroup-reading.ts';
import type { ContainerFiles, ContainerFinder } from './container-files.ts';
import { directoryNumbers, leadingTree } from './hierarchies.ts';
import type { Hierarchies, Hierarchy } from './hierarchies.ts';
import type { HostFacts } from '../kernel/host-files.ts';
import { KernelText } from '../kernel/kernel-text.ts';
import { readOnce } from '../kernel/open-file.ts';
import { Watches } from '../kernel/watches.ts';
import { ParentWatches } from './parent-watches.ts';

/** Before a new directory is read: a runtime makes those of version 1 one after the other. */
const firstReadMillis = 15;
/** The kernel adds the time of a task's last moments to its cgroup when another task runs on that CPU. */
const settledMillis = 3;
/** A run is read at this share of its age, so that hardly more than that of it is missed without an announced end, or where that is read too late. */
const readShare = 1 / 40;
const minReadMillis = 15;
/** Of older runs what the rounds read is near enough to their end. */
const youngMillis = 40_000;
/** Reading is synchronous: the rest of what is due waits for the next turn. */
const turnMillis = 4;
/** Runs that are read so often at the same time; others are read by the rounds alone. */
const maxYoung = 1000;
/** A reading is of a run's end up to this long before it, or up to this share of the run; of a young run it is all that is known. */
const nearMillis = 1000;
const nearShare = 0.05;
/** The runtime names the container of what has ended within this time, or never. */
const unclaimedMillis = 120_000;
const maxUnclaimed = 1000;

/** Dependencies of {@link ContainerRuns}. */
export interface ContainerRunsOptions {
  readonly hierarchies: Hierarchies;
  readonly finder: ContainerFinder;
  readonly clock: { now(): number; monotonic(): number; sleep(millis: number): Promise<void> };
  /** The host's own values as of now, or a moment ago. */
  readonly facts: () => HostFacts;
}

/** One run of what may be a container, from before its first process until its cgroup is removed. */
interface Run {
  readonly id: string;
  readonly inode: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When its first process began, as far as that is known: a cgroup may be made long before. */
  readonly startedAt: number;
  readonly files: ContainerFiles;
  /** True for the files of a container that the runtime named: they are closed by their owner. */
  readonly isNamed: boolean;
  /** Ends its watch; absent where it is not watched. */
  unwatch?: () => void;
  /** The latest reading, of whatever kind. */
  last?: Sample;
  counters?: CgroupReading;
  /** When it is read again, on the monotonic clock, and when it began by it. */
  dueAt: number;
  readonly begunAt: number;
  isEnded: boolean;
  isClaimed: boolean;
}

interface Unclaimed {
  readonly run: EndedRun;
  /** On the monotonic clock. */
  readonly at: number;
}

/**
 * Follows the runs of containers to their ends. The kernel announces in `cgroup.events` of version 2 that the last
 * process of a cgroup has ended; the runtime removes the cgroup some milliseconds later, which on a busy machine may be
 * too soon, and version 1 announces nothing: so a young run is read again and again besides, less often as it grows
 * older. A directory names a container, and nothing of it is handed over until the runtime names that container.
 */
export class ContainerRuns {
  readonly #options: ContainerRunsOptions;
  /** The tree in which new cgroups are noticed. */
  readonly #tree: Hierarchy | undefined;
  readonly #text = new KernelText();
  readonly #watches = new Watches();
  /** Absent without a tree. */
  readonly #parents: ParentWatches | undefined;
  readonly #runs = new Map<string, Run>();
  readonly #young = new Set<Run>();
  /** Those whose watch has ended by an error. */
  readonly #lost = new Set<Run>();
  readonly #unclaimed = new Map<string, readonly Unclaimed[]>();
  /** When young runs are read next, on the monotonic clock. */
  #wakeAt = Infinity;
  #isClosed = false;

  constructor(options: ContainerRunsOptions) {
    this.#options = options;
    this.#tree = leadingTree(options.hierarchies, ['cpuacct', 'memory', 'pids', 'blkio']);
    this.#parents =
      this.#tree &&
      new ParentWatches({
        watches: this.#watches,
        directory: this.#tree.directory,
        isContainer: (name) => idIn(name) !== undefined,
        noticed: (path, name) => this.#noticed(path, name),
      });
  }

  /** A round begins. @param parent path below the root of the tree of the cgroup in which those of containers are made. */
  beginRound(parent: string | undefined): void {
    if (this.#isClosed) return;
    if (parent !== undefined) this.#parents?.add(parent);
    this.#parents?.refresh();
    for (const run of this.#lost) if (this.#runs.get(run.id) === run) this.#watch(run);
    this.#lost.clear();
  }

  /** The runtime named a container, and its files were found. @param startedAt milliseconds since the epoch. */
  named(id: string, files: ContainerFiles, startedAt: number): void {
    const directory = this.#directoryOf(files.place);
    if (directory === undefined || this.#isClosed) return;
    this.#parents?.add(this.#pathOf(dirname(directory)));
    const inode = directoryNumbers(directory)?.inode;
    const run = this.#runIn(id, inode);
    if (run) this.#end(run);
    const since = run?.since ?? startedAt;
    this.#begin({ id, inode, files, isNamed: true, since, startedAt }, run);
  }

  /** A round has read a container. */
  read(id: string, sample: Sample): void {
    const run = this.#runs.get(id);
    if (run && !run.isEnded) run.last = sample;
  }

  /** The container of that name is not to be followed any more. */
  drop(id: string): void {
    const run = this.#runs.get(id);
    if (run?.isNamed) this.#finish(run);
  }

  /** See {@link UsageSource.ended}. */
  ended(id: string): EndedRun | undefined {
    const run = this.#runs.get(id);
    if (this.#recent(this.#unclaimed.get(id)).length === 0 && run && !run.isClaimed) {
      if (this.#check(run) === 'gone') this.#finish(run);
      else if (run.isEnded && run.last) {
        run.isClaimed = true;
        return { sample: lastOf(run.last), since: run.since };
      }
    }
    return this.#claim(id);
  }

  /** Containers whose end would be announced, and cannot be watched. */
  get unwatched(): number {
    let count = 0;
    for (const { isNamed, unwatch, files } of this.#runs.values())
      if (isNamed && !unwatch && eventsOf(files.place) !== undefined) count += 1;
    return count;
  }

  close(): void {
    this.#isClosed = true;
    this.#parents?.close();
    for (const run of this.#runs.values()) this.#end(run);
    this.#runs.clear();
    this.#unclaimed.clear();
  }

  #claim(id: string): EndedRun | undefined {
    const [first, ...others] = this.#recent(this.#unclaimed.get(id));
    if (others.length > 0) this.#unclaimed.set(id, others);
    else this.#unclaimed.delete(id);
    return first?.run;
  }

  #recent(kept: readonly Unclaimed[] = []): readonly Unclaimed[] {
    const now = this.#options.clock.monotonic();
    return kept.filter(({ at }) => now - at < unclaimedMillis);
  }

  /** A directory was made or removed. */
  #noticed(path: string, name: string): void {
    const directory = join(this.#tree?.directory ?? '', path, name);
    const id = idIn(name);
    if (id === undefined || this.#isClosed) return;
    const inode = directoryNumbers(directory)?.inode;
    if (this.#runIn(id, inode) || inode === undefined) return;
    void this.#announced(id, join(path, name));
  }

  /** The run in that directory; one in another of its name has ended. */
  #runIn(id: string, inode: number | undefined): Run | undefined {
    const run = this.#runs.get(id);
    if (!run || run.inode === inode) return run;
    this.#finish(run);
    return undefined;
  }

  async #announced(id: string, path: string): Promise<void> {
    const { clock, finder } = this.#options;
    const since = clock.now();
    await clock.sleep(firstReadMillis);
    if (this.#isClosed || this.#runs.has(id)) return;
    const files = finder.findAt(id, path);
    if (typeof files === 'string') return;
    const directory = this.#directoryOf(files.place);
    const inode = directory === undefined ? undefined : directoryNumbers(directory)?.inode;
    this.#begin({ id, inode, files, isNamed: false, since, startedAt: since });
  }

  #begin(run: Pick<Run, 'id' | 'inode' | 'files' | 'isNamed' | 'since' | 'startedAt'>, before?: Run): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const begunAt = now - Math.max(0, clock.now() - Math.max(run.since, run.startedAt));
    const { last, counters, isEnded = false, isClaimed = false } = before ?? {};
    const begun: Run = {
      ...run,
      begunAt,
      dueAt: now,
      isEnded,
      isClaimed,
      ...(last && { last }),
      ...(counters && { counters }),
    };
    this.#runs.set(run.id, begun);
    this.#readOften(begun);
    this.#watch(begun);
  }

  #watch(run: Run): void {
    const events = eventsOf(run.files.place);
    if (events === undefined) return;
    const lost = (): void => {
      delete run.unwatch;
      this.#lost.add(run);
    };
    const unwatch = this.#watches.add(events, () => this.#changed(run), lost);
    if (!unwatch) return;
    run.unwatch = unwatch;
    // It may have ended before it was watched.
    void this.#settle(run);
  }

  #changed(run: Run): void {
    // Systemd waits for the same and removes the cgroup at once: the few files that are open come before all others.
    if (this.#runs.get(run.id) === run && !run.isEnded && this.#isThere(run)) this.#keepCounters(run);
    void this.#settle(run);
  }

  async #settle(run: Run): Promise<void> {
    if (this.#checkCurrent(run) !== 'empty') return;
    await this.#options.clock.sleep(settledMillis);
    this.#checkCurrent(run);
  }

  #checkCurrent(run: Run): 'running' | 'empty' | 'gone' {
    if (this.#runs.get(run.id) !== run) return 'gone';
    const population = this.#check(run);
    if (population === 'gone') this.#finish(run);
    return population;
  }

  /** Reads the last values of a run without processes. */
  #check(run: Run): 'running' | 'empty' | 'gone' {
    const population = this.#population(run);
    if (population === 'running') run.isEnded = run.isClaimed = false;
    if (population !== 'empty') return population;
    if (!run.isEnded) this.#keepCounters(run);
    const { clock, facts } = this.#options;
    const sample = run.files.read(facts(), clock.now());
    if (!sample) return 'gone';
    // A cgroup is empty, too, before its first process.
    if (!sample.cpu?.totalNanos) return 'running';
    run.last = sample;
    run.isEnded = true;
    return population;
  }

  /** Its path is that of the next run, too, whose values and processes are not its own. */
  #isThere({ inode, files: { place } }: Run): boolean {
    return directoryNumbers(this.#directoryOf(place) ?? '')?.inode === inode;
  }

  #population(run: Run): 'running' | 'empty' | 'gone' {
    if (!this.#isThere(run)) return 'gone';
    const { place } = run.files;
    const events = eventsOf(place);
    const path = events ?? join(this.#directoryOf(place) ?? '', 'cgroup.procs');
    const outcome = readOnce(path, this.#text, events !== undefined);
    if (outcome === 'absent' || outcome === 'gone') return 'gone';
    // What cannot be read says nothing.
    if (outcome !== 'read') return 'running';
    const { content } = this.#text;
    return (events === undefined ? content.trim() === '' : /^populated 0$/m.test(content))
      ? 'empty'
      : 'running';
  }

  /** Its directory is gone, or another's: what was read last is what it had used. */
  #finish(run: Run): void {
    this.#end(run);
    this.#runs.delete(run.id);
    if (!run.isClaimed && run.last && this.#isNearEnd(run, run.last)) this.#keep(run, run.last);
  }

  #isNearEnd(run: Run, { takenAt }: Sample): boolean {
    const age = this.#ageOf(run);
    const sinceRead = this.#options.clock.now() - takenAt;
    return run.isEnded || age < youngMillis || sinceRead <= Math.max(nearMillis, nearShare * age);
  }

  #keep({ id, since }: Run, last: Sample): void {
    for (const [other, kept] of this.#unclaimed)
      if (this.#unclaimed.size >= maxUnclaimed || this.#recent(kept).length === 0)
        this.#unclaimed.delete(other);
    const run = { sample: lastOf(last), since };
    const kept = this.#unclaimed.get(id) ?? [];
    this.#unclaimed.set(id, [...kept, { run, at: this.#options.clock.monotonic() }]);
  }

  #end(run: Run): void {
    run.unwatch?.();
    this.#young.delete(run);
    // Its owner has closed those of a named one, or will: what was read after that is open again.
    if (!run.isNamed || run.files.isClosed) run.files.close();
  }

  #readOften(run: Run): void {
    if (this.#young.size >= maxYoung || this.#ageOf(run) >= youngMillis) return;
    this.#young.add(run);
    this.#wakeUp();
  }

  /** Reads young runs when the next one is due; one that begins meanwhile may be due before those that are waited for. */
  #wakeUp(): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const next = Math.min(...[...this.#young].map(({ dueAt }) => dueAt));
    const wakeAt = Math.max(now + minReadMillis, next);
    if (wakeAt >= this.#wakeAt) return;
    this.#wakeAt = wakeAt;
    void clock.sleep(wakeAt - now).then(() => {
      if (this.#wakeAt !== wakeAt) return;
      this.#wakeAt = Infinity;
      this.#readDue(clock.monotonic());
      this.#wakeUp();
    });
  }

  #readDue(now: number): void {
    for (const run of this.#young) {
      if (run.dueAt > now) continue;
      this.#readCounters(run, now);
      if (this.#options.clock.monotonic() - now >= turnMillis) return;
    }
  }

  #readCounters(run: Run, now: number): void {
    this.#young.delete(run);
    if (run.isEnded) return;
    if (!this.#keepCounters(run)) return this.#finish(run);
    // Last in turn, so that others have theirs.
    if (this.#ageOf(run) < youngMillis) this.#young.add(run);
    // One that has no name by now may never get one, and would hold its descriptors as long as it runs.
    else if (!run.isNamed) run.files.close();
    run.dueAt = now + Math.max(minReadMillis, this.#ageOf(run) * readShare);
  }

  /** False once the cgroup is removed. */
  #keepCounters(run: Run): boolean {
    const { clock, facts } = this.#options;
    const reading = run.files.readCounters(facts(), run.counters);
    // Nothing could be read: what was read before holds.
    if (!reading?.cpu) return reading !== undefined;
    run.counters = reading;
    const takenAt = clock.now();
    run.last = { takenAt, readAt: takenAt, windows: false, ...reading };
    return true;
  }

  #ageOf({ begunAt }: Run): number {
    return this.#options.clock.monotonic() - begunAt;
  }

  #directoryOf({ unified, byController }: CgroupPlace): string | undefined {
    if (this.#options.hierarchies.version === 2) return unified;
    const controller = this.#tree?.controllers.find((each) => byController.has(each));
    return controller === undefined ? undefined : byController.get(controller);
  }

  #pathOf(directory: string): string {
    return `/${relative(this.#tree?.directory ?? '/', directory)}`;
  }
}
