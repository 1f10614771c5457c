import type { ReceivedEvent } from '../model/events.ts';
import type {
  EventObserver,
  ExportObserver,
  ExportResult,
  ProbeObserver,
  SourceCall,
  StatsObserver,
} from '../model/observers.ts';

/** Subscribers of one kind; those that are there when something happens are called in the order of subscription. */
class Subscribers<Observer> {
  protected readonly subscribers: Observer[] = [];

  subscribe(observer: Observer): void {
    this.subscribers.push(observer);
  }
}

/** Probes and calls of all sources. */
export class ProbeSignal extends Subscribers<ProbeObserver> implements ProbeObserver {
  probeEnded(runtime: string, seconds: number, succeeded: boolean): void {
    for (const each of this.subscribers) each.probeEnded(runtime, seconds, succeeded);
  }

  callEnded(runtime: string, call: SourceCall, seconds: number, error?: string): void {
    for (const each of this.subscribers) each.callEnded(runtime, call, seconds, error);
  }

  inlineTimedOut(runtime: string): void {
    for (const each of this.subscribers) each.inlineTimedOut(runtime);
  }

  containerRefused(runtime: string, reason: string): void {
    for (const each of this.subscribers) each.containerRefused?.(runtime, reason);
  }
}

/** Events of all runtimes. */
class EventSignal extends Subscribers<EventObserver> implements EventObserver {
  listening(runtime: string, isListening: boolean): void {
    for (const each of this.subscribers) each.listening(runtime, isListening);
  }

  eventReceived(received: ReceivedEvent): void {
    for (const each of this.subscribers) each.eventReceived(received);
  }

  eventsMissed(runtime: string): void {
    for (const each of this.subscribers) each.eventsMissed(runtime);
  }
}

/** Ends of exports over OTLP. */
export class ExportSignal extends Subscribers<ExportObserver> implements ExportObserver {
  exportEnded(result: ExportResult): void {
    for (const each of this.subscribers) each.exportEnded(result);
  }
}

/** Texts of stats responses. */
class StatsSignal extends Subscribers<StatsObserver> implements StatsObserver {
  statsReceived(id: string, text: string): void {
    for (const each of this.subscribers) each.statsReceived(id, text);
  }
}

/** An agent's probes, events, exports and stats responses. Made before its producers, which get it, and its consumers, which subscribe. */
export class AgentSignals {
  readonly probes = new ProbeSignal();
  readonly events = new EventSignal();
  readonly exports = new ExportSignal();
  readonly stats = new StatsSignal();
}
