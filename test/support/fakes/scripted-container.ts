import type { Clock } from '../../../src/clock.ts';
import type { ContainerState, ContainerStatus, HealthStatus } from '../../../src/model/container.ts';
import type { InterfaceUsage, Sample } from '../../../src/model/sample.ts';
import { humanDuration } from '../../../src/simulator/answers/list.ts';
import { isRecent, revisionOf } from '../../../src/sources/docker/list.ts';
import type { InspectedContainer, ListedContainer } from '../../../src/sources/container-source.ts';

/** A container of a ScriptedSource: what it counts is set by hand, its texts are Docker's. */
export class ScriptedContainer {
  readonly id: string;
  name: string;
  /** As the list has it. */
  image = 'alpine:3.20';
  labels: Readonly<Record<string, string>> = {};
  status: ContainerStatus = 'running';
  health: HealthStatus | undefined;
  startedAt: number;
  /** When each of its runs began. */
  readonly runs: number[];
  exitCode: number | undefined;
  restartCount = 0;
  cpuNanos = 1e9;
  networks: readonly InterfaceUsage[] | undefined;
  networkOwnerId: string | undefined;
  /** Added to every sample. */
  extra: Partial<Sample> = {};
  /** Answered instead of a sample of its own. */
  answer: (() => Sample | undefined) | undefined;
  #networkOwner: ScriptedContainer = this;
  readonly #clock: Clock;

  constructor(name: string, clock: Clock) {
    this.id = Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
    this.name = name;
    this.#clock = clock;
    this.startedAt = clock.now();
    this.runs = [this.startedAt];
  }

  /** Started anew: counters begin at this. */
  restart(cpuNanos = 1e8): void {
    this.status = 'running';
    this.startedAt = this.#clock.now();
    this.runs.push(this.startedAt);
    this.cpuNanos = cpuNanos;
  }

  /** Started in the network of another container, whose counters a runtime gives for both. */
  join(owner: ScriptedContainer): void {
    this.networkOwnerId = owner.id;
    this.#networkOwner = owner;
  }

  /** Ended by itself. */
  exit(exitCode: number): void {
    this.status = 'exited';
    this.exitCode = exitCode;
  }

  listed(): ListedContainer {
    const { id, name, status, health, image, labels } = this;
    const text = this.#text();
    const change = { revision: revisionOf(text), changedRecently: isRecent(text) };
    return { id, name, image, labels, status, ...change, ...(health && { health }) };
  }

  inspected(): InspectedContainer {
    const { id, name, labels, status, health, startedAt, exitCode, restartCount, networkOwnerId } = this;
    const identity = {
      id,
      name,
      image: { reference: 'alpine:3.20', name: 'alpine', tags: ['3.20'], repoDigests: [] },
      labels,
      environment: [],
      command: [],
    };
    const state: ContainerState = {
      status,
      startedAt,
      restartCount,
      ...(health && { health }),
      ...(exitCode !== undefined && { exitCode }),
    };
    const network = networkOwnerId === undefined ? {} : { ownerId: networkOwnerId };
    return { identity, state, limits: { pids: 100 }, network };
  }

  sampled(): Sample | undefined {
    if (this.answer) return this.answer();
    if (this.status !== 'running' && this.status !== 'paused') return undefined;
    const { cpuNanos, extra } = this;
    const { networks } = this.#networkOwner;
    const cpu = { totalNanos: cpuNanos, userNanos: cpuNanos * 0.75, kernelNanos: cpuNanos * 0.25 };
    const memory = { usage: 5e6, stats: { inactive_file: 1e6 } };
    return {
      takenAt: this.#clock.now(),
      windows: false,
      cpu,
      memory,
      ...(networks && { networks }),
      ...extra,
    };
  }

  #text(): string {
    const duration = humanDuration(this.#clock.now() - this.startedAt);
    if (this.status === 'exited') return `Exited (${this.exitCode ?? 0}) ${duration} ago`;
    return `Up ${duration}${this.health ? ` (${this.health})` : ''}`;
  }
}
