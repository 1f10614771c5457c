import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

test('the package is fit to be published', () => {
  assert.ok(!('private' in manifest) && !('dependencies' in manifest));
  const { repository: source, bugs, homepage, keywords, bin, scripts } = manifest;
  for (const address of [source.url, bugs.url, homepage]) assert.match(address, /github\.com\/.+\/tidegauge/);
  assert.ok(keywords.includes('opentelemetry') && keywords.includes('prometheus'));
  assert.equal(bin.tidegauge, 'dist/main.js');
  assert.match(scripts.prepack, /build/);
});

test('npx runs the packed tarball in an empty folder, without a registry', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegauge-package-'));
  t.after(() => rm(folder, { recursive: true }));
  const [source, empty] = [join(folder, 'source'), join(folder, 'empty')];
  await mkdir(source);
  await mkdir(empty);
  // Beside other tests: nothing is built in the repository itself.
  await run(process.execPath, [join(repository, 'scripts/build.ts'), join(source, 'dist')]);
  for (const file of await readdir(join(source, 'dist'), { recursive: true }))
    if (file.endsWith('.js'))
      assert.doesNotMatch(await readFile(join(source, 'dist', file), 'utf8'), /[^\0-\x7f]/, file);
  for (const file of ['package.json', 'README.md', 'LICENSE'])
    await copyFile(join(repository, file), join(source, file));
  const env = {
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: folder,
    npm_config_cache: join(folder, 'cache'),
  };
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: source, env });
  const tarball = join(folder, `tidegauge-${manifest.version}.tgz`);
  const npx = ['--yes', '--offline', '--package', tarball, 'tidegauge'];
  const { stdout } = await run('npx', [...npx, 'once', '--demo', '--log-level=warn'], { cwd: empty, env });
  assert.match(stdout, /^NAME +STATE +CPU %/);
  assert.match(stdout, /^shop-api-1 +running /m);
  const { stdout: version } = await run('npx', [...npx, '--version'], { cwd: empty, env });
  assert.equal(version, `${manifest.version}\n`);
  assert.deepEqual(await readdir(empty), []);
});

test('a release takes its notes from CHANGELOG.md, and nothing is released under two versions', async () => {
  const script = join(repository, 'scripts/release-notes.ts');
  const notes = (tag: string) => run(process.execPath, [script, tag]);
  await assert.rejects(notes('v99.0.0'), {
    code: 1,
    stderr: new RegExp(
      `package.json names ${manifest.version}.*CHANGELOG.md has no section \\[99.0.0\\]`,
      's',
    ),
  });
  await assert.rejects(notes('latest'), { code: 1, stderr: /"latest" is no tag such as v1\.2\.3/ });
});

test('the workflows are YAML, and the release makes what CONTRIBUTING.md says', async () => {
  const folder = join(repository, '.github');
  const files = await readdir(folder, { recursive: true });
  const texts = files
    .filter((file) => file.endsWith('.yml'))
    .map((file) => readFile(join(folder, file), 'utf8'));
  for (const text of await Promise.all(texts)) assert.doesNotThrow(() => parse(text));
  const { jobs } = parse(await readFile(join(folder, 'workflows/release.yml'), 'utf8'));
  assert.deepEqual(Object.keys(jobs), ['ci', 'notes', 'image', 'chart', 'package']);
  assert.match(await readFile(join(folder, 'workflows/ci.yml'), 'utf8'), /run: \.ci\/run$/m);
});
