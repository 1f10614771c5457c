import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prints the section of CHANGELOG.md for a tag `vX.Y.Z`; ends with 1 where a file names another version than the tag. */
const repository = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');

const version = /^v(\d+\.\d+\.\d+\S*)$/.exec(process.argv[2] ?? '')?.[1];
const chart = read('deploy/helm/tidegauge/Chart.yaml');
const versions: Readonly<Record<string, string | undefined>> = {
  'package.json': /"version": "(.+)"/.exec(read('package.json'))?.[1],
  'Chart.yaml, version': /^version: (.+)$/m.exec(chart)?.[1],
  'Chart.yaml, appVersion': /^appVersion: (.+)$/m.exec(chart)?.[1],
  'docs/openapi.json': /"version": "(.+)"/.exec(read('docs/openapi.json'))?.[1],
};
const sections = read('CHANGELOG.md').split(/^## /m);
const section = sections.find((each) => each.startsWith(`[${version}]`));
const notes = section?.slice(section.indexOf('\n')).trim() ?? '';

const errors = [
  ...(version === undefined ? [`"${process.argv[2] ?? ''}" is no tag such as v1.2.3`] : []),
  ...Object.entries(versions)
    .filter(([, found]) => found !== version)
    .map(([file, found]) => `${file} names ${found}`),
  ...(notes === '' ? [`CHANGELOG.md has no section [${version}]`] : []),
];
process.stdout.write(errors.length > 0 ? '' : `${notes}\n`);
for (const error of errors) process.stderr.write(`${error}\n`);
if (errors.length > 0) process.exitCode = 1;
