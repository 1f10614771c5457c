/** Tells every mistake on standard error, as plain lines: nobody asked for a log yet. Gives the exit code. */
export function refuse(problems: readonly string[], stderr: { write(text: string): unknown }): number {
  stderr.write(problems.map((problem) => `tidegauge: ${problem}\n`).join(''));
  return 2;
}
