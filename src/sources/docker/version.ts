import type { EngineDescription } from '../../model/runtime.ts';
import {
  amountOf,
  integerOf,
  listOf,
  objectOf,
  positiveOf,
  present,
  textOf,
  textsOf,
} from '../json-fields.ts';
import type { Fields } from '../json-fields.ts';

/** The newest API version whose answers were read when this was written; the oldest is 1.40 (Engine 19.03). */
const newestApi = '1.56';

/** What an engine's own answers are made into: see {@link describeEngine}. */
export interface EngineAnswersToDescribe {
  readonly name: string;
  /** `GET /version`, undefined when refused. */
  readonly version: unknown;
  /** `GET /info`, undefined when refused. */
  readonly info: unknown;
  readonly apiVersion: string | undefined;
}

/**
 * The API version to speak: the engine's, unless it is newer than ours and still accepts ours.
 * `undefined` when the engine does not tell: then paths carry no version and the engine decides.
 */
export function negotiateVersion(version: unknown): string | undefined {
  const fields = objectOf(version);
  const theirs = textOf(fields?.['ApiVersion']);
  if (!theirs || !/^\d+\.\d+$/.test(theirs)) return undefined;
  const oldest = textOf(fields?.['MinAPIVersion']) ?? '1.12';
  if (minor(theirs) <= minor(newestApi)) return theirs;
  return minor(oldest) <= minor(newestApi) ? newestApi : theirs;
}

/** Engine and host, from `GET /version` and `GET /info`; what either does not tell is absent. */
export function describeEngine(answers: EngineAnswersToDescribe): EngineDescription {
  const version = objectOf(answers.version) ?? {};
  const info = objectOf(answers.info) ?? {};
  return present<EngineDescription>({
    name: answers.name,
    runtimeName: isPodman(version) ? 'podman' : 'docker',
    runtimeVersion: textOf(version['Version']) ?? textOf(info['ServerVersion']),
    apiVersion: answers.apiVersion,
    hostName: textOf(info['Name']),
    // Podman makes one up for each answer.
    hostId: isPodman(version) ? undefined : textOf(info['ID']),
    osType: textOf(info['OSType']) ?? textOf(version['Os']),
    architecture: textOf(info['Architecture']) ?? textOf(version['Arch']),
    cgroupVersion: cgroupVersion(info),
    cgroupDriver: textOf(info['CgroupDriver']),
    storageDriver: textOf(info['Driver']),
    images: amountOf(info['Images']),
    cpus: positiveOf(info['NCPU']),
    memoryBytes: positiveOf(info['MemTotal']),
    warnings: textsOf(info['Warnings']),
  });
}

function isPodman(version: Fields): boolean {
  return listOf(version['Components']).some(
    (component) => textOf(objectOf(component)?.['Name']) === 'Podman Engine',
  );
}

function cgroupVersion(info: Fields): number | undefined {
  const told = textOf(info['CgroupVersion']);
  return told === undefined ? integerOf(info['CgroupVersion']) : Number(told) || undefined;
}

/** All versions begin with `1.`: the number behind it orders them. */
function minor(version: string): number {
  return Number(version.split('.')[1]);
}
