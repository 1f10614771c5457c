import type { Log } from '../../log.ts';
import type { ExportObserver } from '../../model/observers.ts';

/** Says when exports begin to fail and when they succeed again: one line per change, not one per round. */
export function loggedExports(log: Log, url: string, what = 'points'): ExportObserver {
  let state: 'new' | 'ok' | 'refused' | 'failing' = 'new';
  return {
    exportEnded({ error, rejectedPoints }) {
      const before = state;
      state = rejectedPoints > 0 ? 'refused' : 'ok';
      if (error !== undefined) state = 'failing';
      // A collector that is away refuses and times out in turn: still away.
      if (state === before) log.debug({ url, error, rejectedPoints }, `export: still ${state}`);
      else if (state === 'failing') log.warn({ url, error }, 'export fails');
      else if (state === 'refused') log.warn({ url, rejectedPoints }, `collector refuses ${what}`);
      else log.info({ url }, before === 'new' ? 'first export succeeded' : 'export succeeds again');
    },
  };
}
