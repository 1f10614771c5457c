import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { documentBlocks } from './docs-blocks.ts';
import { fillIn } from './fill-in.ts';
import { namesPage, registryYaml } from './registry.ts';

/** Writes the documents that are made from the settings, the commands and the catalogue, or checks that they are current. */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const documents: readonly [file: string, make: (present: string) => Promise<string>][] = [
  ['README.md', async (present) => fillIn(present, await documentBlocks())],
  ['docs/names.md', namesPage],
  ['docs/registry.yaml', registryYaml],
];

for (const [file, make] of documents) {
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
