import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { linterConfig } from '../layers.ts';
import { currentText, documents } from './documents.ts';
import { brokenLinks } from './links.ts';
import { openApi } from './openapi.ts';
import { namesPage, registryYaml } from './registry.ts';

/** Writes the documents that are made from the settings, the commands and the catalogue, or checks that they are current and that links lead somewhere. */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const repository = join(import.meta.dirname, '../..');

const made: readonly (readonly [file: string, make: (present: string) => Promise<string>])[] = [
  ...documents.map(
    (document) => [document.file, (present: string) => currentText(document, present)] as const,
  ),
  ['docs/metrics/names.md', namesPage],
  ['docs/metrics/registry.yaml', registryYaml],
  ['docs/openapi.json', openApi],
  ['.oxlintrc.json', linterConfig],
];

for (const [file, make] of made) {
  const path = join(repository, file);
  const present = await readFile(path, 'utf8').catch(() => '');
  const wanted = await make(present);
  if (present !== wanted && values.check) {
    process.stderr.write(`${file} is stale: npm run docs\n`);
    process.exitCode = 1;
  } else if (present !== wanted) {
    await writeFile(path, wanted);
  }
}

const pages = globSync('{*,{docs,deploy,bench,test,.github}/**/*}.md', { cwd: repository });
const broken = brokenLinks(pages, repository);
for (const link of broken) process.stderr.write(`leads nowhere: ${link}\n`);
if (broken.length > 0) process.exitCode = 1;
