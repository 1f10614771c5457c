import { chosenMetrics } from '../../agent/catalogue.ts';
import { otlpOptions } from '../../agent/otlp.ts';
import { createTrackers, findEndpoints } from '../../agent/trackers.ts';
import { systemClock } from '../../clock.ts';
import type { Config } from '../../config/settings/settings.ts';
import { shownOtlpUrl } from '../../config/types/otlp-url.ts';
import { OtlpExporter } from '../../export/otlp/otlp-exporter.ts';
import type { OtlpExporterOptions } from '../../export/otlp/otlp-exporter.ts';
import { absenceReasons, absencesOf } from '../../metrics/absence.ts';
import type { AbsenceReason } from '../../metrics/absence.ts';
import { ProbeSignal } from '../../agent/signals.ts';
import type { RuntimeSnapshot } from '../../model/snapshot.ts';
import type { Trackers } from '../../tracker/trackers.ts';
import type { Command, CommandContext } from '../command.ts';
import { withDemo } from './demo.ts';
import { patient } from './probe-session.ts';

/** Until the second probe that shows whether a container without usage only just died. */
const secondLookMillis = 1000;

/** `tidegauge check`: what is reachable, what is missing, and what that costs. */
export const checkCommand: Command = {
  name: 'check',
  describe: 'Say what is reachable, what is missing and what that costs',
  options: {},
  examples: [{ line: '$0 check', does: 'before the first start' }],
  run: check,
};

async function check(context: CommandContext): Promise<number> {
  const demo = await withDemo(context);
  const config = demo.applyTo(context.config);
  // What would keep the agent from starting ends the check, too.
  chosenMetrics(config);
  const otlp = config.exporter.includes('otlp') ? otlpOptions(config, process.env, systemClock) : undefined;
  const trackers = checkedTrackers(config, context);
  try {
    const failures = await checkRuntimes(trackers, context.signal);
    for (const snapshot of trackers.snapshots())
      context.stdout.write(runtimeReport(snapshot, failures.get(snapshot.runtime.name)));
    const collector = otlp && (await checkCollector(otlp));
    if (collector) context.stdout.write(collectorReport(config, collector));
    const isGood =
      [...failures.values()].every((failure) => failure === undefined) && collector?.answers !== false;
    return isGood ? 0 : 1;
  } finally {
    trackers.close();
    await demo.close();
  }
}

function checkedTrackers(config: Config, { log, version }: CommandContext): Trackers {
  const processContext = { clock: systemClock, log, environment: process.env, version };
  const endpoints = findEndpoints(config, process.env);
  return createTrackers(
    { ...patient(config), minProbeInterval: secondLookMillis / 2 },
    endpoints,
    { probes: new ProbeSignal() },
    processContext,
  );
}

/** Probes every runtime; why it failed, by the runtime's name. */
async function checkRuntimes(
  trackers: Trackers,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | undefined>> {
  await trackers.update();
  if (trackers.snapshots().some(isUnmeasured)) {
    await systemClock.sleep(secondLookMillis, signal);
    await trackers.update();
  }
  const unreached = new Map(trackers.notYetProbed().map(({ runtime, reason }) => [runtime, reason]));
  return new Map(
    trackers.sets.map(({ runtime, failure }) => [runtime.name, failure ?? unreached.get(runtime.name)]),
  );
}

function collectorReport({ otlpEndpoint }: Config, { answers, text }: CollectorCheck): string {
  return `${answers ? 'ok  ' : 'FAIL'} collector ${shownOtlpUrl(otlpEndpoint)}: ${text}\n`;
}

function isUnmeasured({ containers }: RuntimeSnapshot): boolean {
  return containers.some(({ state, sample }) => state.status === 'running' && !sample);
}

function runtimeReport(snapshot: RuntimeSnapshot, failure: string | undefined): string {
  const { runtime, containers, unselectedCount = 0 } = snapshot;
  if (failure !== undefined) return `FAIL runtime ${runtime.name}: ${failure}\n`;
  const version = `${runtime.runtimeName} ${runtime.runtimeVersion ?? '(version not told)'}`;
  const api = runtime.apiVersion ? `API ${runtime.apiVersion}` : 'API version not told';
  const cgroup = runtime.cgroupVersion ? `cgroup v${runtime.cgroupVersion}` : 'cgroup version not told';
  const running = containers.filter(({ sample, givesNoUsage }) => sample && !givesNoUsage).length;
  return [
    `ok   runtime ${runtime.name}: ${version}, ${api}, ${cgroup}; ${containers.length} containers, ${running} measured${
      unselectedCount > 0 ? `; ${unselectedCount} more are not selected` : ''
    }`,
    ...(runtime.hostName
      ? []
      : ['     host.name is absent: the runtime, or a proxy before it, refuses /info']),
    ...runtime.warnings.map((warning) => `     ${warning}`),
    ...absenceLines(snapshot),
    '',
  ].join('\n');
}

function absenceLines({ containers }: RuntimeSnapshot): string[] {
  const counts = new Map<AbsenceReason, number>();
  for (const reason of containers.flatMap(absencesOf)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `     ${count} × ${reason}: ${absenceReasons[reason]}`);
}

/** What came of knocking. */
export interface CollectorCheck {
  readonly answers: boolean;
  readonly text: string;
}

/** Where other statuses than these come from, the collector says itself. */
const hints: Readonly<Record<number, string>> = {
  401: 'it wants other credentials',
  403: 'it wants other credentials',
  404: 'is this the OTLP/HTTP port (usually 4318)?',
  405: 'is this the OTLP/HTTP port (usually 4318)?',
};

/** Sends the collector an empty export, with the headers, certificates, proxy and retries of a real one. */
async function checkCollector(options: Omit<OtlpExporterOptions, 'observer'>): Promise<CollectorCheck> {
  const exporter = new OtlpExporter({ ...options, observer: { exportEnded: () => undefined } });
  const failure = await exporter.sendEmptyExport();
  await exporter.shutdown();
  return failure ? { answers: false, text: reasonOf(failure) } : { answers: true, text: 'takes exports' };
}

function reasonOf(failure: Error): string {
  const code = 'code' in failure ? failure.code : undefined;
  // Nobody listens on either address of a host that has two: such an error has a code alone.
  if (typeof code !== 'number') return failure.message || (typeof code === 'string' ? code : failure.name);
  return `answers ${code}: ${hints[code] ?? failure.message}`;
}
