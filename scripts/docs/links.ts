import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Links of these Markdown files to a missing file or heading, as `FILE: LINK`; without those with a scheme. */
export function brokenLinks(files: readonly string[], repository: string): string[] {
  return files.flatMap((file) =>
    linksIn(readFileSync(join(repository, file), 'utf8'))
      .filter((link) => !leadsSomewhere(link, join(repository, file)))
      .map((link) => `${file}: ${link}`),
  );
}

/** The anchors that a heading of a Markdown text is reached by, as GitHub makes them. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = withoutCode(text).matchAll(/^#{1,6} (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) => {
      const anchor = heading
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\p{Pc}\- ]/gu, '')
        .replaceAll(' ', '-');
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

function linksIn(text: string): string[] {
  const links = withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g);
  return [...links].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(link: string, from: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from : join(dirname(from), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsIn(readFileSync(target, 'utf8')).has(anchor);
}

/** Blocks and spans of code hold no links and no headings. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/^(`{3,}).*\n[^]*?^\1$/gm, '')
    .replaceAll(/^#.*$|`[^`\n]*`/gm, (match) => (match.startsWith('#') ? match : ''));
}
