/** Rows of cells as lines whose columns stand under each other, `gap` between them; for terminals. */
export function alignedRows(rows: readonly (readonly string[])[], gap: string): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(gap));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** A table in Markdown; a bar within a cell would end it. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}
