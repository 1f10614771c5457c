import type { ContainerIdentity } from './container.ts';
import { Kept } from './kept.ts';
import type { RuntimeDescription } from './runtime.ts';
import { timeOf } from './sample.ts';
import type { UsagePart } from './sample.ts';
import type { CgroupSnapshot, ContainerSnapshot, Identified, RuntimeSnapshot } from './snapshot.ts';

/** Attributes of one observation. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Takes one observation: its value, its attributes, and for counters the start in milliseconds since the epoch. */
export type Observe = (value: number, attributes?: Attributes, startedAt?: number) => void;

/** Makes attributes of two names: the same for the same two. */
export type AttributesOfNames = (name: string, detail: string) => Attributes;

/** Makes attributes of a container: of its identity, its runtime and the owner of its network alone. */
export type AttributesOfContainer = (container: Identified, networkOwner: string | undefined) => Attributes;

/** Attributes of a container, and what beside the identity they were made of. */
interface KnownAttributes {
  readonly make: AttributesOfContainer;
  readonly identity: ContainerIdentity;
  readonly runtime: RuntimeDescription;
  readonly networkOwner: string | undefined;
  readonly attributes: Attributes;
}

/** Hosts have a handful of devices, interfaces and CPUs; hostile ones may not fill the memory. */
const maxNames = 1000;

/**
 * Attributes made once and met again: hundreds of series of a container have its identity, hundreds of containers an
 * `eth0`, and who meets a known object need not write it out again. Its owner observes with it again and again, as
 * instruments keep nothing.
 */
export class AttributeCache {
  readonly #ofNames = new Map<AttributesOfNames, Map<string, Map<string, Attributes>>>();
  readonly #ofContainers = new Map<AttributesOfContainer, Kept<ContainerIdentity, KnownAttributes>>();
  /** Instruments of one family ask for the same one after the other. */
  #last: KnownAttributes | undefined;

  /** Begins a round through all containers: those of which none asks any more are let go by and by. */
  round(): void {
    for (const kept of this.#ofContainers.values()) kept.round();
  }

  /** @param make the same function at every call: known attributes are its own. */
  ofNames(make: AttributesOfNames, name: string, detail = ''): Attributes {
    return this.#ofNames.get(make)?.get(name)?.get(detail) ?? this.#addNames(make, name, detail);
  }

  /** @param make the same function at every call: known attributes are its own. */
  ofContainer(make: AttributesOfContainer, snapshot: ContainerSnapshot): Attributes {
    const { identity, runtime, sharedNetwork } = snapshot;
    const networkOwner = sharedNetwork?.ownerId;
    let known = this.#last;
    if (known?.identity !== identity || known.make !== make)
      known = this.#ofContainers.get(make)?.get(identity);
    if (known?.runtime !== runtime || known.networkOwner !== networkOwner) {
      known = { make, identity, runtime, networkOwner, attributes: make(snapshot, networkOwner) };
      this.#addContainer(known);
    }
    this.#last = known;
    return known.attributes;
  }

  #addContainer(known: KnownAttributes): void {
    let byIdentity = this.#ofContainers.get(known.make);
    if (!byIdentity) this.#ofContainers.set(known.make, (byIdentity = new Kept()));
    byIdentity.set(known.identity, known);
  }

  #addNames(make: AttributesOfNames, name: string, detail: string): Attributes {
    let byName = this.#ofNames.get(make);
    if (!byName || byName.size > maxNames)
      this.#ofNames.set(make, (byName = new Map<string, Map<string, Attributes>>()));
    let byDetail = byName.get(name);
    if (!byDetail || byDetail.size > maxNames) byName.set(name, (byDetail = new Map<string, Attributes>()));
    const attributes = make(name, detail);
    byDetail.set(detail, attributes);
    return attributes;
  }
}

/** OpenTelemetry's three kinds of observable instrument. */
export type InstrumentKind = 'counter' | 'updowncounter' | 'gauge';

/**
 * Source of a metric's values: a runtime's responses, the agent itself, the kernel's cgroup files, the host's `/proc`,
 * the runtime's events; `unavailable` is none that the agent will read.
 */
export type MetricSource =
  | 'list'
  | 'inspect'
  | 'stats'
  | 'info'
  | 'disk usage'
  | 'agent'
  | 'cgroup'
  | 'proc'
  | 'events'
  | 'unavailable';

/**
 * By which time an observation is stamped: that of the sample, of a part of it where parts were read one by one, that of
 * the state as the runtime last gave it, or the moment of the collection.
 */
export type Stamp = 'sample' | UsagePart | 'state' | 'now';

/** One metric: its declaration and its reading together. */
export interface Instrument<Entity> {
  readonly name: string;
  readonly kind: InstrumentKind;
  /** UCUM, as OpenTelemetry uses it: `By`, `s`, `1`, `{packet}`. */
  readonly unit: string;
  readonly description: string;
  /** Integers or doubles on the wire, where the unit does not decide. */
  readonly valueType?: 'int' | 'double';
  /** Attribute keys that its observations may carry. */
  readonly attributes: readonly string[];
  readonly source: MetricSource;
  /** Overrides the default of the source: see {@link stampOf}. */
  readonly stampedBy?: Stamp;
  /** Observed of unpublished containers too: it says why they are, or counts what happened. */
  readonly outlivesPublication?: true;
  /** `stable`, `release_candidate` or `development` for names of the conventions; `extension` for ours; `peer` for a peer's. */
  readonly stability: 'stable' | 'release_candidate' | 'development' | 'extension' | 'peer';
  /** Exposed name and type, literally, where a peer's dashboards depend on them: no suffix rules, no identity labels. */
  readonly literal?: { readonly type: 'gauge' | 'counter' };
  /** Not observed unless it is switched on. */
  readonly offByDefault?: true;
  /** When absent although the runtime answers: one line for the docs. */
  readonly absentWhen?: string;
  /**
   * Pure: no I/O, no clock, nothing kept. Observes nothing when the value is absent.
   * @param cache the caller's, for attributes that many observations share.
   */
  observe(entity: Entity, observe: Observe, cache: AttributeCache): void;
}

/** An instrument of one container. */
export interface ContainerInstrument extends Instrument<ContainerSnapshot> {
  /** Observes the same metric of a cgroup that is no container's; absent where such a cgroup has none. Pure, too. */
  observeCgroup?(cgroup: CgroupSnapshot, observe: Observe, cache: AttributeCache): void;
}

/** An instrument of one runtime. */
export type RuntimeInstrument = Instrument<RuntimeSnapshot>;

/** By which time an instrument's observations are stamped. */
export function stampOf({ source, stampedBy }: Pick<Instrument<never>, 'source' | 'stampedBy'>): Stamp {
  if (stampedBy !== undefined) return stampedBy;
  if (source === 'events') return 'now';
  return source === 'stats' || source === 'cgroup' || source === 'proc' ? 'sample' : 'state';
}

/** The same instruments; those that are stamped by the sample are stamped by one part of it. */
export function stampedBy<Each extends Instrument<never>>(
  part: UsagePart,
  instruments: readonly Each[],
): readonly Each[] {
  return instruments.map((each) => (stampOf(each) === 'sample' ? { ...each, stampedBy: part } : each));
}

/** Time of a snapshot's values under a stamp; milliseconds since the epoch. */
export function stampedAt(
  stamp: Stamp,
  { sample, stateAt }: Pick<ContainerSnapshot, 'sample' | 'stateAt'>,
  now: number,
): number {
  if (stamp === 'now') return now;
  if (stamp === 'state' || !sample) return stateAt;
  return stamp === 'sample' ? sample.takenAt : timeOf(sample, stamp);
}

/** True when an instrument may be observed of a container: the one rule for readers, API and commands. */
export function isObservable(
  instrument: Pick<Instrument<never>, 'outlivesPublication' | 'source' | 'stampedBy'>,
  { published, sample }: Pick<ContainerSnapshot, 'published' | 'sample'>,
): boolean {
  if (published || instrument.outlivesPublication === true) return true;
  // Of the last values of a removed container, which are counters and peaks alone.
  return sample?.isLast === true && isOfUsage(instrument);
}

/** True for what is read of a container's usage, and so of the last values of a run that has ended. */
export function isOfUsage(instrument: Pick<Instrument<never>, 'source' | 'stampedBy'>): boolean {
  const stamp = stampOf(instrument);
  return stamp !== 'state' && stamp !== 'now';
}
