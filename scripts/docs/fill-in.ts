/** Puts each block between the two comments that name it, safe from Prettier; throws when a place or a block is missing. */
export function fillIn(text: string, blocks: ReadonlyMap<string, string>): string {
  const filled = new Set<string>();
  const result = text.replaceAll(
    /<!-- generated: (.*?) -->\n[^]*?<!-- end: \1 -->/g,
    (_place, name: string) => {
      const block = blocks.get(name);
      if (block === undefined) throw new Error(`nothing is generated for "${name}"`);
      filled.add(name);
      return `<!-- generated: ${name} -->\n<!-- prettier-ignore -->\n${block.trim()}\n\n<!-- end: ${name} -->`;
    },
  );
  const homeless = [...blocks.keys()].filter((name) => !filled.has(name));
  if (homeless.length > 0) throw new Error(`no place for ${homeless.map((name) => `"${name}"`).join(', ')}`);
  return result;
}
