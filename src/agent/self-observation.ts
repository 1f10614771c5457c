import type { Meter } from '@opentelemetry/api';
import { Auditor } from '../audit/auditor.ts';
import { ourReadings } from '../audit/our-readings.ts';
import type { Config } from '../config/settings/settings.ts';
import { shownOtlpUrl } from '../config/types/otlp-url.ts';
import { EventLogs } from '../export/logs/event-logs.ts';
import { loggedExports } from '../export/otlp/export-log.ts';
import { AgentInstruments } from '../self-metrics/agent-instruments.ts';
import { AuditInstruments, EventLogInstruments } from '../self-metrics/part-instruments.ts';
import { DockerExporterInstruments } from '../self-metrics/docker-exporter-instruments.ts';
import type { EventLoopDelay } from '../self-metrics/process.ts';
import { observeProcess } from '../self-metrics/process.ts';
import type { Trackers } from '../tracker/trackers.ts';
import type { AgentDependencies, ResolvedConfig } from './resolve.ts';
import type { AgentSignals } from './signals.ts';

/**
 * The agent's own metrics wait this long for what the probe under way records. Readers in a hurry would otherwise give
 * up on them beside a runtime that hangs.
 */
const ownMetricsWaitMillis = 400;

/** Parts of an agent that its own metrics describe. */
export interface ObservedAgent {
  readonly config: Config;
  readonly meter: Meter;
  readonly signals: AgentSignals;
  readonly trackers: Trackers;
  readonly loopDelay: EventLoopDelay;
}

/** Subscribes the agent's own instruments and its log to its signals. */
export function observeAgent(agent: ObservedAgent, { clock, log, version }: AgentDependencies): void {
  const { config, meter, signals, trackers, loopDelay } = agent;
  const instruments = new AgentInstruments(meter, () => clock.now());
  signals.exports.subscribe(instruments);
  signals.exports.subscribe(loggedExports(log, shownOtlpUrl(config.otlpEndpoint)));
  signals.probes.subscribe(instruments);
  signals.probes.subscribe(loopDelay);
  if (config.profile.includes('docker_exporter'))
    signals.probes.subscribe(new DockerExporterInstruments(meter));
  signals.events.subscribe(instruments);
  for (const { runtime } of trackers.sets) instruments.begin(runtime.name);
  if (config.selfAudit) observeAudit(agent, log);
  const waitMillis = Math.min(ownMetricsWaitMillis, config.intervalMillis / 4);
  const settled = (): Promise<void> => trackers.update({ isEcho: true, waitMillis });
  observeProcess(meter, { version }, loopDelay, settled);
}

/** Compares metrics as they are exported with a second calculation, now and then. */
function observeAudit({ meter, signals, trackers }: ObservedAgent, log: AgentDependencies['log']): void {
  const auditor = new Auditor({
    readings: ourReadings,
    observer: new AuditInstruments(meter),
    log,
    snapshot: (name) => trackers.sets.find(({ runtime }) => runtime.name === name)?.snapshot(),
    random: Math.random,
  });
  signals.probes.subscribe(auditor);
  signals.stats.subscribe(auditor);
  for (const { runtime } of trackers.sets) auditor.begin(runtime.name);
}

/** The export of events as log records, observed like every other export; undefined when it is off. */
export function createEventLogs(
  { containers, exports }: ResolvedConfig,
  meter: Meter,
  { clock, log, version }: AgentDependencies,
): EventLogs | undefined {
  const { eventLogs: transport } = exports;
  if (!transport) return undefined;
  const instruments = new EventLogInstruments(meter);
  instruments.begin();
  return new EventLogs({
    transport,
    entities: containers.entities,
    instruments,
    exports: loggedExports(log, shownOtlpUrl(new URL(transport.url)), 'log records'),
    version,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
  });
}
