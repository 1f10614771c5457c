import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { documentBlocks } from './docs-blocks.ts';
import { fillIn } from './fill-in.ts';

/** Writes the tables of README.md from the settings, the commands and the catalogue, or checks that they are current. */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const file = join(import.meta.dirname, '../../README.md');
const present = await readFile(file, 'utf8');
const wanted = fillIn(present, await documentBlocks());

if (present !== wanted && values.check) {
  process.stderr.write('README.md is stale: npm run docs\n');
  process.exitCode = 1;
} else if (present !== wanted) {
  await writeFile(file, wanted);
}
