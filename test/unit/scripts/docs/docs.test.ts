import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { profileNames } from '../../../../src/config/settings/names.ts';
import { namedSettings } from '../../../../src/config/settings/settings.ts';
import { wholeCatalogue } from '../../../../src/metrics/catalogue.ts';
import { documentBlocks } from '../../../../scripts/docs/readme-blocks.ts';
import { documents } from '../../../../scripts/docs/documents.ts';
import { fillIn } from '../../../../scripts/docs/fill-in.ts';
import { metricBlocks } from '../../../../scripts/docs/metric-blocks.ts';
import { namesPage, registryYaml } from '../../../../scripts/docs/registry.ts';

const repository = join(import.meta.dirname, '../../../..');

describe('documents', () => {
  test('are current: npm run docs', async () => {
    for (const { file, blocks } of documents) {
      const text = await readFile(join(repository, file), 'utf8');
      assert.equal(fillIn(text, await blocks()), text, file);
    }
  });

  test('of our own names are current: npm run docs', async () => {
    const pages = { 'docs/names.md': namesPage, 'docs/registry.yaml': registryYaml };
    for (const [file, make] of Object.entries(pages))
      assert.equal(await readFile(join(repository, file), 'utf8'), await make(), file);
  });

  test('name every setting by flag, variable and key', () => {
    const rows = (documentBlocks().get('configuration') ?? '').split('\n');
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
    const text = [...(await metricBlocks()).values()].join('\n');
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
