import { chmodSync } from 'node:fs';

const nobody = 65_534;

/** Runs with no more rights than a file's mode gives to everybody: those of root pass over modes. One at a time in a process. */
export async function unprivileged<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot) return await work();
  chmodSync(folder, 0o755);
  process.setegid?.(nobody);
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
