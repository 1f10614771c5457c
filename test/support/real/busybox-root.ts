import { execFile } from 'node:child_process';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { componentPath } from './component.ts';

const run = promisify(execFile);

/** Makes an archive of a root directory in which busybox has all its programs; gives its path. */
export async function packBusybox(directory: string): Promise<string> {
  const root = join(directory, 'rootfs');
  const busybox = componentPath('busybox');
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'tmp'));
  await cp(busybox, join(root, 'bin/busybox'), { dereference: true });
  const programs = (await run(busybox, ['--list'])).stdout
    .split('\n')
    .filter((name) => !['', 'busybox'].includes(name));
  for (const name of programs) await symlink('busybox', join(root, 'bin', name));
  await run('tar', ['-C', root, '-cf', `${root}.tar`, '.']);
  return `${root}.tar`;
}
