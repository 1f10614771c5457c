import type { Log } from '../../../src/log.ts';
import type { EngineCall, ProbeObserver } from '../../../src/model/observers.ts';

/** Keeps what probes tell. */
export class ObservedProbes implements ProbeObserver {
  readonly probes: { engine: string; seconds: number; succeeded: boolean }[] = [];
  readonly calls: { engine: string; call: EngineCall; seconds: number; error: string | undefined }[] = [];
  readonly inlineTimeouts: string[] = [];

  probeEnded(engine: string, seconds: number, succeeded: boolean): void {
    this.probes.push({ engine, seconds, succeeded });
  }

  callEnded(engine: string, call: EngineCall, seconds: number, error?: string): void {
    this.calls.push({ engine, call, seconds, error });
  }

  inlineTimedOut(engine: string): void {
    this.inlineTimeouts.push(engine);
  }

  /** Codes of the failed calls of this kind, in order. */
  errors(call: EngineCall): string[] {
    return this.calls.flatMap((each) => (each.call === call && each.error !== undefined ? [each.error] : []));
  }
}

/** Keeps the messages of lines from level info on. */
export class KeptLog implements Log {
  readonly messages: string[] = [];

  debug(): void {}

  info(_fields: unknown, message: string): void {
    this.messages.push(message);
  }

  warn(_fields: unknown, message: string): void {
    this.messages.push(message);
  }

  error(_fields: unknown, message: string): void {
    this.messages.push(message);
  }

  child(): Log {
    return this;
  }
}
