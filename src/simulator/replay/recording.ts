import { basename } from 'node:path';
import { readRecordedFiles, RecordingError } from './recording-files.ts';
import type { AnswerPair, RecordedAnswer } from './recording-files.ts';

/** The recorded answers of one container. */
export interface RecordedContainer {
  readonly id: string;
  /** Without its slash; empty when the recording does not say. */
  readonly name: string;
  readonly inspect: RecordedAnswer;
  /** Absent when it did not run. */
  readonly stats: string | undefined;
}

/** An engine's recorded answers, whole. */
export interface Recording {
  /** JSON, as recorded. */
  readonly list: string;
  readonly version: RecordedAnswer | undefined;
  readonly info: string | undefined;
  readonly containers: readonly RecordedContainer[];
}

/** Reads a folder of recorded answers. Throws a {@link RecordingError} with all that is wrong with it. */
export function readRecording(directory: string): Recording {
  const { list, version, info, pairs } = readRecordedFiles(directory);
  const problems = pairs.flatMap(mistakesOf);
  if (list && !Array.isArray(list.json)) problems.push(`${list.path}: expected a list of containers`);
  if (!list && pairs.length === 0) {
    const expected = 'expected containers.json, and containerN.json with statsN.json for each container';
    problems.push(`${directory}: holds no recorded answers; ${expected}`);
  }
  if (problems.length > 0) throw new RecordingError(problems);
  const containers = pairs.flatMap(containerOf);
  return {
    list: list?.text ?? JSON.stringify(containers.map(listItem)),
    version,
    info: info?.text,
    containers,
  };
}

function mistakesOf({ inspect, stats }: AnswerPair): string[] {
  if (!inspect) {
    const path = stats?.path ?? '';
    const suffix = basename(path).slice('stats'.length);
    return [`${path}: neither container${suffix} nor inspect${suffix} is beside it`];
  }
  if (textAt(inspect.json, 'Id') === '') return [`${inspect.path}: expected an object with an Id`];
  if (stats || !runs(inspect.json)) return [];
  const wanted = basename(inspect.path).replace(/^(?:container|inspect)/, 'stats');
  return [`${inspect.path}: the container runs, but no ${wanted} is beside it`];
}

function containerOf({ inspect, stats }: AnswerPair): RecordedContainer[] {
  if (!inspect) return [];
  const name = textAt(inspect.json, 'Name').replace(/^\//, '');
  return [{ id: textAt(inspect.json, 'Id'), name, inspect, stats: stats?.text }];
}

function runs(inspect: unknown): boolean {
  const state = valueAt(inspect, 'State');
  return valueAt(state, 'Running') === true || ['running', 'paused'].includes(textAt(state, 'Status'));
}

/** What the list would say, where none was recorded. */
function listItem({ id, name, inspect: { json } }: RecordedContainer): object {
  const config = valueAt(json, 'Config');
  return {
    Id: id,
    Names: [`/${name}`],
    Image: textAt(config, 'Image'),
    ImageID: textAt(json, 'Image'),
    Labels: valueAt(config, 'Labels') ?? {},
    State: textAt(valueAt(json, 'State'), 'Status'),
    Status: '',
  };
}

/** A field of what may be no object. */
function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}

/** The same as text; empty when it is none. */
export function textAt(value: unknown, key: string): string {
  const found = valueAt(value, key);
  return typeof found === 'string' ? found : '';
}
