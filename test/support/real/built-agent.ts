import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, startInputs } from '../../../scripts/build.ts';
import { chartNodeOptions } from './chart.ts';

const repository = join(import.meta.dirname, '../../..');

/** The bundle in a directory of its own, laid out as in the image. */
export interface BuiltAgent extends AsyncDisposable {
  readonly directory: string;
  readonly program: string;
  /** Variables that the image and the chart's default values give it. */
  readonly env: Readonly<Record<string, string>>;
  /** Sources in the files that every start parses, relative to the repository. */
  readonly inputs: readonly string[];
}

/** Bundles the agent into a scratch directory, which is removed with it. */
export async function buildAgent(): Promise<BuiltAgent> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-built-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const dist = join(directory, 'dist');
  const inputs = startInputs(await bundle(dist));
  // It says that dist holds ES modules: without it Node compiles each file twice.
  await copyFile(join(repository, 'package.json'), join(directory, 'package.json'));
  const env = {
    ...(await imageEnvironment()),
    NODE_OPTIONS: await chartNodeOptions(),
    // The image has none, and CI has one for tests.
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
  const all = stack.move();
  return {
    directory,
    program: join(dist, 'main.js'),
    env,
    inputs,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Variables that the Dockerfile sets in the image; throws when it sets none. */
export async function imageEnvironment(): Promise<Readonly<Record<string, string>>> {
  const [last = ''] = (await readFile(join(repository, 'Dockerfile'), 'utf8')).split(/^FROM /m).slice(-1);
  const [, assignments] = /^ENV ((?:.*\\\n)*.*)$/m.exec(last) ?? [];
  if (assignments === undefined) throw new Error('the Dockerfile sets no variables');
  const each = assignments.replaceAll('\\\n', ' ').split(/\s+/);
  return Object.fromEntries(
    each.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}
