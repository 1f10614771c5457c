const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'no permission for this port',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host cannot be looked up',
  EAFNOSUPPORT: 'this machine does not speak that kind of address',
};

/** Says where the server could not listen, and why. */
export function listenError(host: string, port: number, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  const named = host.includes(':') ? `[${host}]` : host;
  return new Error(`cannot listen on ${named}:${port}: ${reason}`, { cause });
}
