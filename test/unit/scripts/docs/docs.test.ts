import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { profileNames } from '../../../../src/config/settings/names.ts';
import { namedSettings } from '../../../../src/config/settings/settings.ts';
import { wholeCatalogue } from '../../../../src/metrics/catalogue.ts';
import { documents, fillIn } from '../../../../scripts/docs/documents.ts';
import { anchorsIn, brokenLinks } from '../../../../scripts/docs/links.ts';
import { settingTable } from '../../../../scripts/docs/setting-blocks.ts';

const repository = join(import.meta.dirname, '../../../..');

describe('documents', () => {
  test('name every setting by flag, variable and key', () => {
    const rows = settingTable().split('\n');
    for (const { flag, variables, fileKey, isOutsideFile, isFileOnly } of namedSettings) {
      const start = isFileOnly ? `|  |  | \`${fileKey}\`` : `| \`--${flag}\` |`;
      const row = rows.find((line) => line.startsWith(start)) ?? '';
      const names = isOutsideFile ? variables : [...variables, fileKey];
      assert.deepEqual(
        names.filter((name) => !row.includes(`\`${name}\``)),
        [],
        flag,
      );
    }
  });

  test('list every metric of every profile, and the kinds and attributes of the own ones', async () => {
    const pages = documents.filter(({ file }) => file.startsWith('docs/metrics/'));
    const made = pages.map(async ({ blocks }) => await blocks['metrics']?.());
    const text = (await Promise.all(made)).join('\n');
    const { containers, runtime } = wholeCatalogue(profileNames);
    const names = [...containers, ...runtime].map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => !text.includes(`| \`${name}\` |`)),
      [],
    );
    assert.match(
      text,
      /\| `tidegauge\.probe\.duration` \| `tidegauge_probe_duration_seconds` \| histogram \| `s` \| `container\.runtime\.endpoint` \|/,
    );
    assert.match(
      text,
      /\| `tidegauge\.list\.errors` \| `tidegauge_list_errors_total` \| counter \| `\{error\}` \| `container\.runtime\.endpoint`, `error\.type` \|/,
    );
    assert.match(text, /\| `nodejs\.eventloop\.delay\.p99` \| `\w+` \| gauge \|/);
    assert.match(text, /\| `docker_probe_inspect_duration_seconds` \| the same \| histogram \|/);
  });
});

describe('the README', () => {
  test('is read in a few minutes', () => {
    assert.ok(readFileSync(join(repository, 'README.md')).length <= 10_000);
  });
});

describe('commands in documents', () => {
  test('run scripts through npm, which brings a Node that can', () => {
    const pages = globSync('{*,bench/*,docs/**/*,deploy/**/*}.md', { cwd: repository });
    const bare = pages.flatMap((page) =>
      [
        ...readFileSync(join(repository, page), 'utf8').matchAll(
          /(?<!npx )\bnode (?:--\S+ )*[\w./-]+\.ts\b/g,
        ),
      ].map(([command]) => `${page}: ${command}`),
    );
    assert.notEqual(pages.length, 0);
    assert.deepEqual(bare, []);
  });
});

describe('links', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegauge-links-'));
  const broken = (text: string): string[] => {
    writeFileSync(join(folder, 'page.md'), text);
    return brokenLinks(['page.md'], folder);
  };

  test('that lead to no file or to no heading are found, in code none is', (t) => {
    t.after(() => rmSync(folder, { recursive: true }));
    const good =
      '# A `b` & [c](page.md)\n[here](#a-b--c) [there](page.md#a-b--c) [far](https://example.com/#x)\n';
    assert.deepEqual(broken(good), []);
    assert.deepEqual(broken('```sh\n# [x](gone.md)\n```\n`[x](gone.md)`\n'), []);
    assert.deepEqual(broken('[x](gone.md) [y](page.md#none)'), ['page.md: gone.md', 'page.md: page.md#none']);
  });

  test('a heading that comes twice has two anchors', () => {
    assert.deepEqual([...anchorsIn('# One\n## One\n')], ['one', 'one-1']);
  });
});

describe('fillIn', () => {
  const place = (name: string, content = '') => `<!-- generated: ${name} -->${content}<!-- end: ${name} -->`;

  test('replaces what is between the comments of a block and nothing else', () => {
    const text = `before\n${place('a', '\nold\n')}\nbetween\n${place('b c', '\n')}\nafter\n`;
    const blocks = new Map([
      ['a', 'new $& text\n'],
      ['b c', 'first\n'],
    ]);
    const filled = fillIn(text, blocks);
    const [a, bc] = ['new $& text', 'first'].map((line) => `\n<!-- prettier-ignore -->\n${line}\n\n`);
    assert.equal(filled, `before\n${place('a', a)}\nbetween\n${place('b c', bc)}\nafter\n`);
    assert.equal(fillIn(filled, blocks), filled);
  });

  test('finds places without a block and blocks without a place', () => {
    assert.throws(() => fillIn(place('a', '\n'), new Map()), /nothing is generated for "a"/);
    assert.throws(() => fillIn('', new Map([['a', '']])), /no place for "a"/);
  });
});
