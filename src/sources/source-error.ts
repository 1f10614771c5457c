/** Class of a failed runtime call, of low cardinality: it becomes the attribute `error.type`. */
export type SourceErrorCode =
  | 'unreachable'
  | 'permission'
  | 'timeout'
  | 'aborted'
  | 'not-found'
  | 'not-running'
  | 'bad-response'
  | 'too-large'
  | 'no-files'
  | 'runtime-error';

/** A failed runtime call. Callers switch on `code`, never on the text. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code: SourceErrorCode;

  constructor(code: SourceErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

const byErrno: Readonly<Record<string, SourceErrorCode>> = {
  EACCES: 'permission',
  EPERM: 'permission',
  ETIMEDOUT: 'timeout',
  ABORT_ERR: 'aborted',
};

/** The same as a {@link SourceError} whose message begins with what was being done. */
export function sourceErrorDuring(doing: string, thrown: unknown): SourceError {
  if (!(thrown instanceof SourceError)) return toSourceError(thrown, doing);
  return new SourceError(thrown.code, `${doing}: ${thrown.message}`, thrown);
}

/** Turns whatever a socket or parser threw into a {@link SourceError}; one stays what it is. */
export function toSourceError(thrown: unknown, doing: string): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error.name === 'TimeoutError')
    return new SourceError('timeout', `${doing}: no response in time`, error);
  if (error.name === 'AbortError') return new SourceError('aborted', `${doing}: given up`, error);
  const errno = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return new SourceError(byErrno[errno] ?? 'unreachable', `${doing}: ${error.message}`, error);
}
