/** Resolves when all that was written is with the reader: a pipe takes 64 KiB, and what is left dies with the process. */
export async function flushed(stdout: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stdout.write('', () => resolve());
  });
}
