import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ListedContainer } from '../../../src/sources/container-source.ts';
import { ContainerListReader } from '../../../src/sources/docker/list.ts';
import { parseExactJson } from '../../../src/sources/json.ts';

/** Our own captures. */
const fixtures = resolve(import.meta.dirname, '../../fixtures');

/** The peers' own cases, which are theirs to hand on. */
const peersFolder = resolve(
  import.meta.dirname,
  '../../..',
  process.env['TIDEGAUGE_CASES'] ?? '../shared/cases',
);

/** Options of a test that reads the peers' cases: skipped, with the reason, where there are none. */
export const needsPeerCases = {
  skip: existsSync(peersFolder)
    ? false
    : `no cases of the peers in ${peersFolder}: set TIDEGAUGE_CASES to where they are`,
};

/** The captures of our own: a runtime's responses next to the kernel's files of the same instant. */
export const captures = ['cgroup_v1', 'cgroup_v2', 'cgroup_v2_systemd', 'cgroup_v2_api_1.56'] as const;

/** One of {@link captures}. */
export type Capture = (typeof captures)[number];

/**
 * Path of a folder or file of the cases: a capture of ours, responses made after a report, or a peer's case.
 */
export function casesFolder(path: string): string {
  const isOurs = [...captures, 'reports'].some((folder) => path === folder || path.startsWith(`${folder}/`));
  return join(isOurs ? fixtures : peersFolder, path);
}

/** The folders within one, none where there are no cases. */
export function caseFolders(path: string): string[] {
  const folder = casesFolder(path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
}

/** The text of a recorded file, by the path that {@link casesFolder} takes. */
export function recordedText(path: string): string {
  return readFileSync(casesFolder(path), 'utf8');
}

/** A recorded response, parsed as the agent does it. */
export function recordedJson(path: string): unknown {
  return parseExactJson(recordedText(path), path);
}

/** The items of a list as the agent parses them. */
export function listedFrom(items: unknown): readonly ListedContainer[] {
  const reader = new ContainerListReader();
  if (Array.isArray(items)) for (const item of items) reader.take({ text: JSON.stringify(item) });
  return reader.end().listed;
}

/** The containers of a capture. */
export function recordedContainers(capture: Capture): string[] {
  return readdirSync(casesFolder(capture), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'engine')
    .map(({ name }) => name);
}

/** Containers that had a cgroup: all but the one that ended. */
export function runningContainers(capture: Capture): string[] {
  return recordedContainers(capture).filter((name) =>
    existsSync(casesFolder(`${capture}/${name}/files.json`)),
  );
}

/** The kernel's files of one container, by name. */
export class KernelFiles {
  readonly #files: ReadonlyMap<string, string>;

  constructor(capture: Capture, container: string) {
    const files: unknown = JSON.parse(recordedText(`${capture}/${container}/files.json`));
    this.#files = new Map(Object.entries(Object(files)).map(([name, text]) => [name, String(text)]));
  }

  text(name: string): string {
    const text = this.#files.get(name);
    if (text === undefined) throw new Error(`no file ${name} was recorded`);
    return text.trim();
  }

  /** A file that holds one number. */
  number(name: string): number {
    return Number(this.text(name));
  }

  /** One line `KEY VALUE` of a flat file. */
  keyed(name: string, key: string): number {
    const line = this.text(name)
      .split('\n')
      .find((each) => each.startsWith(`${key} `));
    if (line === undefined) throw new Error(`${name} has no line ${key}`);
    return Number(line.slice(key.length + 1));
  }
}
