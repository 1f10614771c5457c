import type { Log } from '../../../src/log.ts';
import type { SourceCall, ProbeObserver } from '../../../src/model/observers.ts';

/** Records the results of probes and calls. */
export class ObservedProbes implements ProbeObserver {
  readonly probes: { runtime: string; seconds: number; succeeded: boolean }[] = [];
  readonly calls: { runtime: string; call: SourceCall; seconds: number; error: string | undefined }[] = [];
  readonly inlineTimeouts: string[] = [];

  probeEnded(runtime: string, seconds: number, succeeded: boolean): void {
    this.probes.push({ runtime, seconds, succeeded });
  }

  callEnded(runtime: string, call: SourceCall, seconds: number, error?: string): void {
    this.calls.push({ runtime, call, seconds, error });
  }

  inlineTimedOut(runtime: string): void {
    this.inlineTimeouts.push(runtime);
  }

  /** Codes of the failed calls of this kind, in order. */
  errors(call: SourceCall): string[] {
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
