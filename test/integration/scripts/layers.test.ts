import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { linterConfig, rooms } from '../../../scripts/layers.ts';

const repository = join(import.meta.dirname, '../../..');
const configuration = '.oxlintrc.json';

/** The linter's output for one file at a path below src, under a copy of the repository's rules. */
function lint(path: string, text: string): string {
  using scratch = mkdtempDisposableSync(join(tmpdir(), 'layers-'));
  // The layers need no types, and those of the tree are not in the copy.
  const rules: { options: object } = JSON.parse(readFileSync(join(repository, configuration), 'utf8'));
  writeFileSync(
    join(scratch.path, configuration),
    JSON.stringify({ ...rules, options: { ...rules.options, typeAware: false } }),
  );
  const file = join(scratch.path, 'src', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const oxlint = join(repository, 'node_modules/.bin/oxlint');
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '.'], {
    cwd: scratch.path,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

const planted = [
  ['metrics/planted.ts', '../export/entity.ts', 'src/metrics imports'],
  ['metrics/semconv/planted.ts', '../cadvisor/cpu.ts', 'Families of src/metrics import'],
  ['tracker/container/planted.ts', '../../sources/docker/docker-source.ts', 'src/tracker imports'],
  ['http/planted.ts', '../tracker/trackers.ts', 'src/http imports'],
  ['log.ts', './clock.ts', 'src/log.ts imports nothing of ours'],
  ['live/planted.ts', '@opentelemetry/sdk-metrics', 'Only src/export imports the OpenTelemetry SDK'],
] as const;

for (const [path, from, message] of planted) {
  test(`src/${path} may not import ${from}`, () => {
    const printed = lint(path, `import { planted } from '${from}';\nplanted();\n`);
    assert.ok(printed.includes(message), printed);
  });
}

test('what the table permits passes', () => {
  const printed = lint(
    'tracker/container/planted.ts',
    "import { planted } from '../../model/sample.ts';\nplanted();\n",
  );
  assert.match(printed, /Found 0 warnings and 0 errors/);
});

test('a pure room knows neither timers nor the process', () => {
  const printed = lint('metrics/planted.ts', 'setTimeout(() => undefined, process.pid);\n');
  assert.match(printed, /Unexpected use of 'setTimeout'/);
  assert.match(printed, /Unexpected use of 'process'/);
});

test("the linter's configuration is what the table makes", async () => {
  const present = readFileSync(join(repository, configuration), 'utf8');
  assert.equal(await linterConfig(present), present);
});

test('every folder and root file of src is a room, of at most 16 files, two levels deep', () => {
  const entries = readdirSync(join(repository, 'src'), { withFileTypes: true, recursive: true });
  const top = entries.filter(({ parentPath }) => parentPath === join(repository, 'src'));
  assert.deepEqual(top.map(({ name }) => name).toSorted(), rooms.map(({ name }) => name).toSorted());
  const folders = Map.groupBy(
    entries.filter((entry) => entry.isFile()),
    ({ parentPath }) => parentPath.slice(join(repository, 'src').length),
  );
  for (const [folder, files] of folders) {
    assert.ok(files.length <= 16, `src${folder} holds ${files.length} files`);
    assert.ok(folder.split('/').length <= 3, `src${folder} is deeper than two levels`);
  }
});
