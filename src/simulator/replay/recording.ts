import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Problems of a folder of recorded responses, one line each. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** One recorded answer: what its file holds, byte by byte, and the same parsed. */
export interface RecordedAnswer {
  readonly path: string;
  readonly text: string;
  readonly json: unknown;
}

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

/** A list item made of inspect, where no list was recorded. */
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

/** A container's answers, of which one may be missing. */
interface AnswerPair {
  readonly inspect?: RecordedAnswer;
  readonly stats?: RecordedAnswer;
}

/** The recorded answers of a folder by what they answer. */
interface RecordedFiles {
  readonly list?: RecordedAnswer;
  readonly version?: RecordedAnswer;
  readonly info?: RecordedAnswer;
  readonly pairs: readonly AnswerPair[];
}

/** The engine's own answers, by all names that recordings give them. */
const engineFiles: Readonly<Record<string, 'list' | 'version' | 'info'>> = {
  'containers.json': 'list',
  'list.json': 'list',
  'version.json': 'version',
  'info.json': 'info',
};

/** A container's answers: `container1.json` and `stats1.json` are a pair, and so are two in a folder of their own. */
const containerFile = /^(container|inspect|stats)([^/]*)\.json$/;

/**
 * Reads a folder: `containers.json`, `containerN.json` with `statsN.json`, `version.json`, `info.json`; or the engine's
 * answers in a folder `engine` and each container's `inspect.json` and `stats.json` in one of its own.
 * Throws a {@link RecordingError}.
 */
function readRecordedFiles(directory: string): RecordedFiles {
  const problems: string[] = [];
  const found: { -readonly [Key in keyof RecordedFiles]?: RecordedAnswer } & { pairs?: never } = {};
  const pairs = new Map<string, { inspect?: RecordedAnswer; stats?: RecordedAnswer }>();
  for (const path of answerPaths(directory)) {
    const answer = readAnswer(path, problems);
    const of = engineFiles[basename(path)];
    const [, what, suffix] = containerFile.exec(basename(path)) ?? [];
    if (!answer) continue;
    if (of) found[of] = answer;
    else if (what !== undefined) {
      const key = join(dirname(path), suffix ?? '');
      const pair = pairs.get(key) ?? {};
      pairs.set(key, pair);
      pair[what === 'stats' ? 'stats' : 'inspect'] = answer;
    }
  }
  if (problems.length > 0) throw new RecordingError(problems);
  return { ...found, pairs: [...pairs.values()] };
}

function answerPaths(directory: string): string[] {
  const inside = entriesOf(directory);
  const folders = inside.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return [undefined, ...folders].flatMap((folder) => {
    const path = folder === undefined ? directory : pathIn(directory, folder);
    const files = folder === undefined ? inside : entriesOf(path);
    return files
      .filter((entry) => entry.isFile() && isAnswer(entry.name, folder))
      .map(({ name }) => pathIn(path, name));
  });
}

/** The folder stays as written: `path.join` would take `..` after a symbolic link for the link's own parent. */
function pathIn(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** By a file's name and that of its folder, if it lies in one. Other files may be beside the answers of `engine/`. */
function isAnswer(name: string, folder: string | undefined): boolean {
  const isOfEngine = Object.hasOwn(engineFiles, name);
  if (folder === undefined) return isOfEngine || containerFile.test(name);
  return folder === 'engine' ? isOfEngine : name === 'inspect.json' || name === 'stats.json';
}

const folderFaults: Readonly<Record<string, string>> = {
  ENOENT: 'no such folder',
  ENOTDIR: 'it is no folder',
};

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = folderFaults[code] ?? (error instanceof Error ? error.message : String(error));
    throw new RecordingError([`${directory}: ${reason}`]);
  }
}

function readAnswer(path: string, problems: string[]): RecordedAnswer | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return { path, text, json: JSON.parse(text) };
  } catch (error) {
    const fault = error instanceof SyntaxError ? 'not JSON' : 'cannot be read';
    problems.push(`${path}: ${fault}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
