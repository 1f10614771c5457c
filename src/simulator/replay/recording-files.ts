import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What is wrong with a folder of recorded answers, one line each. */
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

/** A container's answers, of which one may be missing. */
export interface AnswerPair {
  readonly inspect?: RecordedAnswer;
  readonly stats?: RecordedAnswer;
}

/** The recorded answers of a folder by what they answer. */
export interface RecordedFiles {
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
export function readRecordedFiles(directory: string): RecordedFiles {
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
  const folders = inside.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  const paths = [directory, ...folders].flatMap((folder) =>
    entriesOf(folder).flatMap((entry) => (entry.isFile() ? [join(folder, entry.name)] : [])),
  );
  return paths.filter((path) => isAnswer(path, directory));
}

/** Beside the answers of `engine/` there may be some that are nobody's, such as those of two samples. */
function isAnswer(path: string, directory: string): boolean {
  const name = basename(path);
  const isOfEngine = name in engineFiles;
  const folder = dirname(path);
  if (folder === directory) return isOfEngine || containerFile.test(name);
  return basename(folder) === 'engine' ? isOfEngine : name === 'inspect.json' || name === 'stats.json';
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
    problems.push(`${path}: not JSON: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
