import type { Log } from '../log.ts';
import type { ExportObserver } from '../model/export-observer.ts';

/** Says when exports begin to fail and when they succeed again: one line per change, not one per round. */
export function loggedExports(log: Log, url: string): ExportObserver {
  let state: string | undefined;
  return {
    exportEnded({ error, rejectedPoints }) {
      const fresh = error ?? (rejectedPoints > 0 ? 'partial success' : 'ok');
      if (fresh === state) return;
      if (error !== undefined) log.warn({ url, error }, 'export fails');
      else if (rejectedPoints > 0) log.warn({ url, rejectedPoints }, 'collector refuses points');
      else log.info({ url }, state === undefined ? 'first export succeeded' : 'export succeeds again');
      state = fresh;
    },
  };
}
