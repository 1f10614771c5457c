import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document, type Pair } from 'yaml';
import { didYouMean } from './messages.ts';

/** One key of the file. */
export interface FileEntry {
  /** File, line and key as the user wrote them. */
  readonly name: string;
  readonly value: unknown;
  /** Gives way where it conflicts with what is given elsewhere. */
  readonly hasLowPriority?: true;
}

/** Values of a configuration file, and its mistakes. */
export interface ConfigFile {
  /** By file key. */
  readonly entries: ReadonlyMap<string, FileEntry>;
  readonly problems: readonly string[];
}

/** Position of an offset: `file:line`. */
type Locate = (offset: number | undefined) => string;

/** Reads YAML whose top level is a map of settings; keys may have dashes for underscores; an empty value is none. */
export function parseConfigFile(path: string, text: string, fileKeys: readonly string[]): ConfigFile {
  const lines = new LineCounter();
  // Pretty errors would quote the line, which may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const locate: Locate = (offset = 0) => `${path}:${lines.linePos(offset).line}`;
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) return refused(faults.map(({ pos, message }) => `${locate(pos[0])}: ${message}`));
  if (isEmpty(document.contents)) return refused([]);
  if (!isMap(document.contents)) return refused([`${path}: expected a map such as "interval: 10s"`]);
  return readPairs(document.contents.items, { document, locate, fileKeys });
}

function isEmpty(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function refused(problems: readonly string[]): ConfigFile {
  return { entries: new Map(), problems };
}

interface Reading {
  readonly document: Document;
  readonly locate: Locate;
  readonly fileKeys: readonly string[];
}

function readPairs(pairs: readonly Pair[], { document, locate, fileKeys }: Reading): ConfigFile {
  const entries = new Map<string, FileEntry>();
  const problems: string[] = [];
  for (const pair of pairs) {
    const written = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const key = keyOf(written);
    const name = `${locate(isNode(pair.key) ? pair.key.range?.[0] : undefined)}: ${written}`;
    if (!fileKeys.includes(key)) problems.push(`${name}: unknown setting${didYouMean(key, fileKeys)}`);
    else if (entries.has(key)) problems.push(`${name}: given twice`);
    else
      entries.set(key, {
        name,
        value: plainValue(pair.value, document, (fault) => problems.push(`${name}: ${fault}`)),
      });
  }
  return { entries, problems };
}

/** A block of a Collector's file may have a name of its own: `docker_stats/web`. */
function keyOf(written: string): string {
  return written.replace(/^docker_stats\/.*$/, 'docker_stats').replaceAll('-', '_');
}

/** An alias may be cyclic or expand without end; the parser then throws. */
function plainValue(node: unknown, document: Document, onError: (fault: string) => void): unknown {
  if (!isNode(node)) return undefined;
  try {
    const value: unknown = node.toJS(document);
    return value ?? undefined;
  } catch (error) {
    onError(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
