import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

/** Neither this machine's runtimes and collector nor a port in use. */
const environment = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  DOCKER_HOST: 'unix:///nowhere/docker.sock',
  OTEL_EXPORTER_PROMETHEUS_PORT: '0',
  npm_config_update_notifier: 'false',
};

suite('a newcomer in a copy of the repository', () => {
  let folder = '';
  const shell = async (command: string): Promise<string> => {
    const options = { cwd: folder, env: environment, maxBuffer: 2 ** 26 };
    return (await run('bash', ['-euo', 'pipefail', '-c', command], options)).stdout;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegauge-newcomer-'));
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      maxBuffer: 2 ** 26,
    });
    for (const file of stdout.split('\0').filter((name) => name !== '')) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await cp(join(repository, file), join(folder, file));
    }
    // As `npm ci` leaves them, which .ci/run runs in a copy without them, and the build of the image as well.
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("the README's first commands", async () => {
    const [start = '', demo = '', all = ''] = (await blocksOf('README.md'))[0]?.code.split('\n') ?? [];
    assert.match(start, /^npm ci && npm start\b/);
    assert.match(demo, /^npm ci && npm run demo\b/);
    assert.equal(all, 'npm ci && npm test');
    const demoPage = await scrapedFrom(demo.replace('npm ci && ', ''), folder);
    assert.match(demoPage, /^container_cpu_time_seconds_total\{container_name="shop-api-1",/m);
    const startPage = await scrapedFrom(start.replace('npm ci && ', ''), folder);
    assert.match(startPage, /^tidegauge_runtime_up\{[^}]*\} 0$|^tidegauge_runtime_up 0$/m);
  });

  test("the README's table is what the demonstration prints", async () => {
    const blocks = await blocksOf('README.md');
    const shown = blocks.find(({ code }) => code.startsWith('$ npm -s start -- once'))?.code ?? '';
    const [command = '', header, ...rows] = shown.trimEnd().split('\n');
    const [realHeader, ...realRows] = (await shell(command.slice(2))).trimEnd().split('\n');
    assert.equal(header?.replaceAll(/ +/g, ' '), realHeader?.replaceAll(/ +/g, ' '));
    const nameAndState = (row: string): string => row.split(/ +/).slice(0, 2).join(' ');
    assert.deepEqual(rows.map(nameAndState), realRows.map(nameAndState));
  });

  test('a metric is added as CONTRIBUTING.md says', async () => {
    const steps = (await blocksOf('CONTRIBUTING.md')).filter(({ heading }) => heading === 'Add a metric');
    const edits = steps.filter(({ language }) => language === 'ts');
    assert.ok(edits.length >= 3);
    for (const { code, before: text } of edits) await edit(folder, text, code);
    const commands =
      steps
        .find(({ language }) => language === 'sh')
        ?.code.trimEnd()
        .split('\n') ?? [];
    assert.ok(commands.length >= 4);
    const outputs: string[] = [];
    for (const command of commands) outputs.push(await shell(command));
    assert.match(
      outputs.at(-1) ?? '',
      /^container\.cpu\.shares\.current +container_cpu_shares_current +gauge/,
    );
  });
});

interface CodeBlock {
  readonly heading: string;
  readonly language: string;
  readonly code: string;
  /** The paragraph above it. */
  readonly before: string;
}

async function blocksOf(file: string): Promise<readonly CodeBlock[]> {
  const text = await readFile(join(repository, file), 'utf8');
  return text.split(/^## /m).flatMap((section) => {
    const found = section.matchAll(/(?<before>[^\n]*)\n\n```(?<language>\w+)\n(?<code>[^]*?)^```$/gm);
    return [...found].map(({ groups }) => ({
      heading: section.slice(0, section.indexOf('\n')),
      language: groups?.['language'] ?? '',
      code: groups?.['code'] ?? '',
      before: groups?.['before'] ?? '',
    }));
  });
}

/** Edits a file by the paragraph: "In `FILE`, before `TEXT`:" or "In the new file `FILE`:". */
async function edit(folder: string, paragraph: string, code: string): Promise<void> {
  const { file = '', anchor } =
    /In (?:the new file )?`(?<file>[^`]+)`(?:, before `(?<anchor>[^`]+)`)?:$/.exec(paragraph)?.groups ?? {};
  const path = join(folder, file);
  if (anchor === undefined) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
    return;
  }
  const text = await readFile(path, 'utf8');
  const at = text.indexOf(`\n${anchor}`) + 1;
  assert.ok(at > 0, `${file} has no line that begins with "${anchor}"`);
  await writeFile(path, `${text.slice(0, at)}${code}${text.slice(at)}`);
}

/** `/metrics` of an agent that a command line starts, once it has been probed; the agent is ended. */
async function scrapedFrom(command: string, folder: string): Promise<string> {
  const options = { cwd: folder, env: environment, detached: true } as const;
  const child = spawn('bash', ['-c', command], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const closed = once(child, 'close');
    let log = '';
    for await (const chunk of child.stderr.setEncoding('utf8')) {
      log += String(chunk);
      const url = /"metrics":"(http[^"]+)"/.exec(log)?.[1];
      if (url !== undefined) return await (await fetch(url)).text();
    }
    await closed;
    throw new Error(`the agent ended:\n${log}`);
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  }
}
