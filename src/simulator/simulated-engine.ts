import type { ContainerLife } from './world/container-life.ts';
import type { ContainerSet } from './world/container-set.ts';
import type { ContainerSpec, Limits } from './world/container-spec.ts';
import type { HealthState } from './world/container-state.ts';
import type { EngineFront } from './server/front.ts';
import type { EngineListener } from './server/listener.ts';
import type { EngineEvent, EventLog } from './world/event-log.ts';
import type { Endpoint, Fault, FaultScope, FaultTable } from './server/faults.ts';
import type { RequestCounts, RequestCounters } from './server/request-counters.ts';
import type { SimulatedContainer } from './world/container.ts';
import type { Timeline } from './world/timeline.ts';

/** Parts of an engine. */
export interface EngineParts {
  readonly containers: ContainerSet;
  readonly events: EventLog;
  readonly timeline: Timeline;
  readonly life: ContainerLife;
  readonly front: EngineFront;
  readonly faults: FaultTable;
  readonly counters: RequestCounters;
  readonly listener: EngineListener;
  /** Stops the timer that moves the world, if there is one. */
  readonly stopTimer: () => void;
}

/**
 * A running simulated engine. Everything may be called at any time; what happens to a container happens at the
 * engine's present time, with the events that Moby emits. An unknown name throws.
 */
export class SimulatedEngine {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Its address, as DOCKER_HOST takes it. */
  get url(): string {
    return `unix://${this.#parts.listener.socket}`;
  }

  get socket(): string {
    return this.#parts.listener.socket;
  }

  /** Absent without a port in the options. */
  get tcpUrl(): string | undefined {
    const { port } = this.#parts.listener;
    return port === undefined ? undefined : `tcp://127.0.0.1:${port}`;
  }

  /** Requests by endpoint since the start or `resetRequests`; refused API versions do not count. */
  get requests(): RequestCounts {
    return this.#parts.counters.counts;
  }

  /** The most requests of each endpoint that were unanswered at once. */
  get peakRequests(): RequestCounts {
    return this.#parts.counters.peaks;
  }

  resetRequests(): void {
    this.#parts.counters.reset();
  }

  /** Names of all containers, newest first. */
  get names(): string[] {
    return this.#parts.containers.newestFirst().map(({ name }) => name);
  }

  /** One container as it is now, to compare answers with. */
  container(name: string): SimulatedContainer {
    this.#parts.timeline.advance();
    const found = this.#parts.containers.find(name);
    if (found.kind !== 'found') throw new Error(`No such container: ${name}`);
    return found.container;
  }

  /** Lets everything happen that is due by now; with a clock of one's own, after moving it. */
  advance(): void {
    this.#parts.timeline.advance();
  }

  /** Adds a fault to an endpoint; those set before stay. */
  fault(endpoint: Endpoint, fault: Fault, scope?: FaultScope): void {
    this.#parts.faults.set(endpoint, fault, scope);
  }

  clearFaults(endpoint?: Endpoint): void {
    this.#parts.faults.clear(endpoint);
  }

  /** `docker run -d`; returns the id. */
  add(spec: ContainerSpec): string {
    return this.#parts.life.add(spec, this.#now()).id;
  }

  start(name: string): void {
    this.#parts.life.start(this.container(name), this.#now());
  }

  /** `docker stop`; the process answers SIGTERM with that exit code. */
  stop(name: string, exitCode = 0): void {
    this.#parts.life.stop(this.container(name), this.#now(), exitCode);
  }

  kill(name: string): void {
    this.#parts.life.kill(this.container(name), this.#now());
  }

  restart(name: string, exitCode = 0): void {
    this.#parts.life.restart(this.container(name), this.#now(), exitCode);
  }

  /** The main process ends by itself; the restart policy applies. */
  exit(name: string, exitCode: number): void {
    this.#parts.life.exit(this.container(name), this.#now(), { exitCode });
  }

  /** The kernel kills it at its memory limit; the restart policy applies. */
  outOfMemory(name: string): void {
    this.#parts.life.exit(this.container(name), this.#now(), { exitCode: 137, outOfMemory: true });
  }

  pause(name: string): void {
    this.#parts.life.pause(this.container(name), this.#now());
  }

  unpause(name: string): void {
    this.#parts.life.unpause(this.container(name), this.#now());
  }

  rename(name: string, newName: string): void {
    this.#parts.life.rename(this.container(name), this.#now(), newName);
  }

  setHealth(name: string, status: HealthState['status']): void {
    this.#parts.life.setHealth(this.container(name), this.#now(), status);
  }

  /** `docker update`: these limits change, the others stay. */
  update(name: string, limits: Limits): void {
    this.#parts.life.update(this.container(name), this.#now(), limits);
  }

  /** `docker rm --force`. */
  remove(name: string): void {
    this.#parts.life.remove(this.container(name), this.#now());
  }

  /** Emits an event as it is, its time included: doubles, strangers, steps back in time. */
  emit(event: EngineEvent): void {
    this.#parts.events.publish(event);
  }

  /** Writes text, nonsense too, into the open streams of `events` or `stats`. */
  writeToStreams(endpoint: 'events' | 'stats', text: string): void {
    this.#parts.front.writeToStreams(endpoint, text);
  }

  endStreams(endpoint: 'events' | 'stats', how: 'end' | 'reset' = 'end'): void {
    this.#parts.front.endStreams(endpoint, how);
  }

  /** Stops listening: connections are cut, the socket is gone, the containers live on. */
  async down(): Promise<void> {
    await this.#parts.listener.down();
  }

  /** Listens again at the same address, its containers as they are by now; like dockerd, without old events. */
  async up(): Promise<void> {
    this.#parts.timeline.advance();
    this.#parts.events.forget();
    await this.#parts.listener.up();
  }

  async close(): Promise<void> {
    this.#parts.stopTimer();
    await this.#parts.listener.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #now(): number {
    return this.#parts.timeline.advance();
  }
}
