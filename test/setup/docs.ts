import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { documents } from './documents.ts';
import { fillIn } from './fill-in.ts';

/** Writes the generated parts of the documents, or checks that they are current. */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

for (const { file, blocks } of documents) {
  const path = join(import.meta.dirname, '../..', file);
  const present = await readFile(path, 'utf8');
  const wanted = fillIn(present, await blocks());
  if (present === wanted) continue;
  if (values.check) {
    process.stderr.write(`${file} is stale: npm run docs\n`);
    process.exitCode = 1;
  } else {
    await writeFile(path, wanted);
  }
}
