import { alignedRows } from '../../metrics/listing.ts';
import { cpuPercent, workingSet } from '../../metrics/formulas.ts';
import type { InterfaceUsage } from '../../model/sample.ts';
import type { ContainerSnapshot, RuntimeSnapshot } from '../../model/snapshot.ts';

const headings = ['NAME', 'STATE', 'CPU %', 'MEM USAGE / LIMIT', 'NET I/O', 'BLOCK I/O', 'PIDS'] as const;
const unknown = '--';

/** The columns of `docker stats`, and the state; an absent value is `--`. */
export function containerTable(runtimes: readonly RuntimeSnapshot[]): string {
  const rows = runtimes
    .flatMap(({ containers }) => containers.map(rowOf))
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return alignedRows([headings, ...rows], '   ');
}

function rowOf(snapshot: ContainerSnapshot): string[] {
  const { identity, sample } = snapshot;
  return [
    printable(identity.name),
    stateCell(snapshot),
    cpuCell(snapshot),
    memoryCell(snapshot),
    networkCell(sample?.networks ?? []),
    blockCell(snapshot),
    String(sample?.pids?.current ?? unknown),
  ];
}

function stateCell({ state }: ContainerSnapshot): string {
  const status = state.status ?? unknown;
  return state.health && state.health !== 'healthy' ? `${status} (${state.health})` : status;
}

/** Percent of one CPU, as the CLI has it. */
function cpuCell({ sample, previous }: ContainerSnapshot): string {
  const percent = sample && cpuPercent(sample, previous);
  return percent === undefined ? unknown : `${percent.toFixed(2)}%`;
}

/** Without a limit the host's memory is the limit, as the CLI has it. */
function memoryCell({ sample, limits, runtime }: ContainerSnapshot): string {
  const used = sample?.memory && workingSet(sample.memory);
  const limit = limits.memoryBytes ?? runtime.memoryBytes;
  return used === undefined ? unknown : `${binary(used)} / ${limit === undefined ? unknown : binary(limit)}`;
}

function networkCell(networks: readonly InterfaceUsage[]): string {
  if (networks.length === 0) return unknown;
  const received = sumOf(networks.map(({ receivedBytes }) => receivedBytes));
  const transmitted = sumOf(networks.map(({ transmittedBytes }) => transmittedBytes));
  return `${decimal(received)} / ${decimal(transmitted)}`;
}

function blockCell({ sample }: ContainerSnapshot): string {
  const { storage, blockIo } = sample ?? {};
  // Windows counts per container, not per device.
  if (storage)
    return `${decimal(BigInt(storage.readBytes ?? 0))} / ${decimal(BigInt(storage.writeBytes ?? 0))}`;
  const entries = blockIo?.serviceBytes ?? [];
  if (entries.length === 0) return unknown;
  const bytes = (operation: string): bigint =>
    sumOf(entries.filter((entry) => entry.operation === operation).map(({ value }) => value));
  return `${decimal(bytes('read'))} / ${decimal(bytes('write'))}`;
}

function sumOf(values: readonly (number | bigint | undefined)[]): bigint {
  return values.reduce<bigint>((sum, value) => sum + BigInt(value ?? 0), 0n);
}

/** As the CLI prints memory: 1.5MiB. */
function binary(bytes: number): string {
  return scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);
}

/** As the CLI prints traffic: 1.5MB. */
function decimal(bytes: bigint): string {
  return scaled(Number(bytes), 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

/** Four significant digits in the largest unit that leaves at least 1 (go-units CustomSize). */
function scaled(value: number, base: number, units: readonly string[]): string {
  const exponent = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(base)));
  return `${Number((value / base ** exponent).toPrecision(4))}${units[exponent] ?? ''}`;
}

/** A hostile name must not steer the terminal. */
export function printable(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\uFFFD').slice(0, 60);
}
