import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions, type BuildResult, type Metafile } from 'esbuild';
import { asciiOnly, plugins } from './bundle-plugins.ts';
import { licencesOf } from './licences.ts';

const repository = join(import.meta.dirname, '..');

/** CommonJS parts of the bundle load Node's own modules by it. */
const requireHere = [
  "import { createRequire as createBundleRequire } from 'node:module';",
  'const require = createBundleRequire(import.meta.url);',
].join('\n');

function optionsFor(directory: string): BuildOptions & { metafile: true } {
  return {
    absWorkingDir: repository,
    entryPoints: ['src/main.ts', 'src/healthcheck.ts'],
    outdir: directory,
    bundle: true,
    // Dynamic imports of main.ts stay in files of their own, so that an older Node gets as far as the advice to
    // upgrade.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Names stay: they are in stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'external',
    banner: { js: requireHere },
    define: { __dirname: 'import.meta.dirname' },
    plugins,
    // Native helpers of ssh2, which does without them.
    external: ['*.node', 'cpu-features'],
    metafile: true,
    logLevel: 'warning',
  };
}

/** Things that a later version of a dependency may undo without an error. */
function mistakesIn({ warnings, metafile }: BuildResult<{ metafile: true }>): string[] {
  const outputs = Object.values(metafile.outputs);
  const imported = outputs
    .flatMap(({ imports }) => imports)
    .find(({ path, kind }) => isBuiltin(path) && kind === 'import-statement');
  const atStart = startInputs(metafile);
  const simulated = atStart.find((path) => path.startsWith('src/simulator/'));
  // As large as half of all the rest, and needed for an engine behind SSH alone.
  const isSshEager = atStart.some((path) => /node_modules\/ssh2\//.test(path));
  const isUndiciEager = Object.values(metafile.outputs).some((output) =>
    output.exports.includes('MessageEvent'),
  );
  return [
    ...warnings.map(({ text }) => text),
    ...(isUndiciEager ? ['every export of node:http is read, and undici loaded for some of them'] : []),
    ...(imported ? [`${imported.path} is imported, and every one of its exports evaluated`] : []),
    ...(isSshEager ? ['ssh2 is not loaded late'] : []),
    ...(simulated === undefined ? [] : [`every start parses ${simulated}`]),
  ];
}

/**
 * Sources in the files that every start parses: the entry, what it imports late, and all that these import statically.
 * Paths are relative to the repository.
 */
export function startInputs({ outputs }: Pick<Metafile, 'outputs'>): string[] {
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === 'src/main.ts');
  const late = importsOf(outputs, entry, ['import-statement', 'dynamic-import']);
  const parsed = new Set(entry === undefined ? [] : [entry, ...late]);
  for (const path of parsed)
    for (const each of importsOf(outputs, path, ['import-statement'])) parsed.add(each);
  return [...parsed].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
}

function importsOf(outputs: Metafile['outputs'], path = '', kinds: readonly string[]): string[] {
  const imports = outputs[path]?.imports ?? [];
  return imports.filter(({ kind, external }) => !external && kinds.includes(kind)).map((each) => each.path);
}

async function rewrite(file: string, change: (code: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}

async function makeExecutable(file: string): Promise<void> {
  await rewrite(file, (code) => `#!/usr/bin/env node\n${code}`);
  await chmod(file, 0o755);
}

/** Bundles the agent with all its dependencies; node_modules is not needed at run time. */
export async function bundle(directory: string): Promise<Metafile> {
  await rm(directory, { recursive: true, force: true });
  const result = await build(optionsFor(directory));
  const mistakes = mistakesIn(result);
  if (mistakes.length > 0) throw new Error(`the bundle is not as it should be: ${mistakes.join('; ')}`);
  for (const path of await readdir(directory, { recursive: true }))
    if (path.endsWith('.js')) await rewrite(join(directory, path), asciiOnly);
  await makeExecutable(join(directory, 'main.js'));
  await writeFile(
    join(directory, 'licences.txt'),
    await licencesOf(Object.keys(result.metafile.inputs), repository),
  );
  return result.metafile;
}

/**
 * Keeps what Node compiles beside the bundle: a Node of the same version that runs as the same user starts with it, in two
 * thirds of the time and with 7 MiB less.
 */
async function compile(directory: string): Promise<void> {
  await mkdir(join(directory, 'compiled'));
  await promisify(execFile)(process.execPath, [join(directory, 'main.js'), '--version']);
}

if (import.meta.main) {
  const [directory = join(repository, 'dist')] = process.argv.slice(2);
  const { outputs } = await bundle(resolve(directory));
  await compile(resolve(directory));
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0);
  process.stdout.write(`${relative(process.cwd(), directory)}: ${(bytes / 1e6).toFixed(1)} MB\n`);
}
