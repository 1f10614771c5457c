import type { RootLog } from '../log.ts';
import type { RunningCommand } from './command.ts';
import type { ReadyCommand } from './invocation.ts';
import type { SignalSource } from './process.ts';

/** What {@link listenForReload} joins. */
export interface ReloadParties {
  /** Signals that come earlier wait for it. */
  readonly running: Promise<RunningCommand>;
  readonly reread: ReadyCommand['reread'];
  readonly log: RootLog;
}

/** On each SIGHUP, one after the other, reads the configuration again and hands it over. A bad one changes nothing. */
export function listenForReload(signals: SignalSource, parties: ReloadParties): Disposable {
  let earlier = Promise.resolve();
  const listener = () => {
    earlier = earlier.then(() => reload(parties));
  };
  signals.on('SIGHUP', listener);
  return { [Symbol.dispose]: () => signals.off('SIGHUP', listener) };
}

async function reload({ running, reread, log }: ReloadParties): Promise<void> {
  const command = await running;
  const { level } = log;
  try {
    const reading = reread();
    if ('problems' in reading) return log.error({ problems: reading.problems }, 'configuration not reloaded');
    if (command.reload === undefined) return log.warn({}, 'this command cannot reload its configuration');
    for (const warning of reading.warnings) log.warn({}, warning);
    // Before the hand-over: what the command now makes takes its level from this log.
    log.level = reading.config.logLevel;
    await command.reload(reading.config);
    log.info({}, 'configuration reloaded');
  } catch (error) {
    log.level = level;
    log.error({ error }, 'configuration not reloaded');
  }
}
