import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const manifest = z.object({ name: z.string(), version: z.string(), license: z.string().optional() });

/**
 * The licences of the packages that these files belong to, as one text, which they require to be distributed.
 */
export async function licencesOf(files: readonly string[], repository: string): Promise<string> {
  const directories = new Set(files.flatMap((file) => packageDirectory(file) ?? []));
  const entries = [...directories].toSorted().map((directory) => licenceOf(join(repository, directory)));
  return [...new Set(await Promise.all(entries))].join(`\n${'-'.repeat(80)}\n\n`);
}

function packageDirectory(file: string): string | undefined {
  return /^(?:[^:]*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

async function licenceOf(directory: string): Promise<string> {
  const { name, version, license } = manifest.parse(
    JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')),
  );
  const names = (await readdir(directory)).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
  const texts = await Promise.all(names.toSorted().map((file) => readFile(join(directory, file), 'utf8')));
  return [
    `${name} ${version} (${license ?? 'see below'})\n`,
    ...texts.map((text) => `${text.trim()}\n`),
  ].join('\n');
}
