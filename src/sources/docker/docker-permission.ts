import { readFileSync, statSync } from 'node:fs';

/** Why a socket may not be opened, and the group that may: one sentence, or undefined where nothing can be told. */
export function permissionAdvice(socketPath: string): string | undefined {
  try {
    const { gid, mode } = statSync(socketPath);
    const group = groupName(gid);
    const named = group ? `group "${group}" (gid ${gid})` : `gid ${gid}`;
    const writable = (mode & 0o020) !== 0;
    return writable
      ? `the socket belongs to ${named}: run the agent with that group, in a container with --group-add ${gid}`
      : `the socket's mode ${(mode & 0o777).toString(8)} lets only its owner in; its group is ${named}`;
  } catch {
    // The directory may be closed as well: then the engine's own error is all there is to say.
    return undefined;
  }
}

function groupName(gid: number): string | undefined {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid));
    return line?.split(':')[0];
  } catch {
    // No such file on Windows and in the smallest images.
    return undefined;
  }
}
