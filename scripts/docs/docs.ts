import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { documents } from './documents.ts';
import { linterConfig } from '../layers.ts';
import { fillIn } from './fill-in.ts';
import { namesPage, registryYaml } from './registry.ts';

/** Writes the documents that are made from the settings, the commands and the catalogue, or checks that they are current. */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const made: readonly (readonly [file: string, make: (present: string) => Promise<string>])[] = [
  ...documents.map(
    ({ file, blocks }) => [file, async (present: string) => fillIn(present, await blocks())] as const,
  ),
  ['docs/names.md', namesPage],
  ['docs/registry.yaml', registryYaml],
  ['.oxlintrc.json', linterConfig],
];

for (const [file, make] of made) {
  const path = join(import.meta.dirname, '../..', file);
  const present = await readFile(path, 'utf8').catch(() => '');
  const wanted = await make(present);
  if (present !== wanted && values.check) {
    process.stderr.write(`${file} is stale: npm run docs\n`);
    process.exitCode = 1;
  } else if (present !== wanted) {
    await writeFile(path, wanted);
  }
}
