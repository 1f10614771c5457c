import { resolveExports } from '../../agent/exports.ts';
import { ProbeSignal } from '../../agent/signals.ts';
import { systemClock } from '../../clock.ts';
import { Mistakes } from '../../config/config-error.ts';
import type { Config } from '../../config/settings/settings.ts';
import { shownOtlpUrl } from '../../config/types/otlp-url.ts';
import { requestSerializer } from '../../export/otlp/requests.ts';
import { OtlpTransport } from '../../export/otlp/transport.ts';
import type { OtlpTransportOptions } from '../../export/otlp/transport.ts';
import { absenceReasons, absencesOf } from '../../metrics/absence.ts';
import type { AbsenceReason } from '../../metrics/absence.ts';
import { diskUsageNeeds, neededParts } from '../../metrics/catalogue.ts';
import type { Filesystem } from '../../model/disk-usage.ts';
import type { OptionalPart } from '../../model/sample.ts';
import type { RuntimeSnapshot } from '../../model/snapshot.ts';
import type { UsageReport } from '../../model/usage-report.ts';
import type { TrackerSet } from '../../tracker/tracker-set.ts';
import type { Command, CommandContext } from '../command.ts';
import { inDemo } from './demo.ts';
import { ProbeSession } from './probe-session.ts';

/** Until the second probe, which shows whether a container without usage had only just ended. */
const gapMillis = 1000;

/** `tidegauge check`: what is reachable, what is missing, and what that costs. */
export const checkCommand: Command = {
  name: 'check',
  describe: 'Say what is reachable, what is missing and what that costs',
  options: {},
  examples: [{ line: '$0 check', does: 'before the first start' }],
  run: (context) => inDemo(context, check),
};

async function check(context: CommandContext): Promise<number> {
  const { config, log, version, stdout, signal } = context;
  const mistakes = new Mistakes();
  // A mistake that keeps the agent from starting ends the check, too.
  const exports = mistakes.collect(() =>
    resolveExports(config, { clock: systemClock, log, environment: process.env, version }),
  );
  const session = mistakes.collect(
    () => new ProbeSession(context, { observers: { probes: new ProbeSignal() }, gapMillis }),
  );
  if (!exports || !session) throw mistakes.error();
  try {
    const isMeasuring = await checkRuntimes(session, stdout);
    const { otlp } = exports.telemetry;
    const collector = otlp && (await checkCollector(otlp, signal));
    if (collector) stdout.write(collectorReport(config, collector));
    return isMeasuring && collector?.takesExports !== false ? 0 : 1;
  } finally {
    session.close();
  }
}

/** Probes and reports every runtime; true when all probes succeeded. */
async function checkRuntimes(session: ProbeSession, stdout: NodeJS.WritableStream): Promise<boolean> {
  await session.probe();
  if (session.snapshots().some(isUnmeasured)) await session.probeAgain();
  const failures = new Map(session.failures().map(({ runtime, reason }) => [runtime, reason]));
  const { catalogue } = session.resolved;
  const { containers: showsFilesystems } = diskUsageNeeds(catalogue);
  for (const set of session.trackers.sets) {
    const failure = failures.get(set.runtime.name);
    stdout.write(runtimeReport(set.snapshot(), failure, set.usageReport));
    if (showsFilesystems && failure === undefined) stdout.write(await filesystemLine(set));
    if (set.usageReport && failure === undefined) stdout.write(costLines(neededParts(catalogue)));
  }
  return failures.size === 0;
}

function collectorReport({ otlpEndpoint }: Config, { takesExports, text }: CollectorCheck): string {
  return `${takesExports ? 'ok  ' : 'FAIL'} collector ${shownOtlpUrl(otlpEndpoint)}: ${text}\n`;
}

function isUnmeasured({ containers }: RuntimeSnapshot): boolean {
  return containers.some(({ state, sample }) => state.status === 'running' && !sample);
}

function runtimeReport(
  snapshot: RuntimeSnapshot,
  failure: string | undefined,
  usage: UsageReport | undefined,
): string {
  const { runtime, containers, unselectedCount = 0 } = snapshot;
  if (failure !== undefined) return `FAIL runtime ${runtime.name}: ${failure}\n`;
  const version = `${runtime.runtimeName ?? 'runtime'} ${runtime.runtimeVersion ?? '(version unknown)'}`;
  const api = runtime.apiVersion ? `API ${runtime.apiVersion}` : 'API version unknown';
  const cgroup = runtime.cgroupVersion ? `cgroup v${runtime.cgroupVersion}` : 'cgroup version unknown';
  const running = containers.filter(
    ({ sample, givesNoUsage }) => sample && !sample.isLast && !givesNoUsage,
  ).length;
  return [
    `ok   runtime ${runtime.name}: ${version}, ${api}, ${cgroup}; ${containers.length} containers, ${running} measured${
      unselectedCount > 0 ? `; ${unselectedCount} more are not selected` : ''
    }`,
    ...(runtime.hostName
      ? []
      : [
          '     host.name is absent: the runtime, or a proxy before it, refuses /info or gives no name there',
        ]),
    ...runtime.warnings.map((warning) => `     ${warning}`),
    ...(usage ? usageLines(usage) : []),
    ...absenceLines(snapshot),
    '',
  ].join('\n');
}

/** What is read in each round for metrics that are off by default. */
const costs: Readonly<Partial<Record<OptionalPart, string>>> = {
  hugePages: 'huge pages: two or three files for each container and page size',
  numa: 'pages by NUMA node: one file for each container',
  cpuset: 'migration of memory: one file for each container',
  effectiveLimits: 'effective limits: four or five files for each container, once in six rounds',
  processes: 'numbers of processes: the list of each container',
  descriptors: 'file descriptors and sockets: a directory for each process and a link for each descriptor',
  limits: 'limits of open files: one file for each container',
  tasks: 'states of tasks: one file for each task of each process',
  tcp: 'TCP sockets: two files for each container, with a line for each socket',
  udp: 'UDP sockets: two files for each container, with a line for each socket',
};

function costLines(parts: ReadonlySet<OptionalPart>): string {
  const lines = [...parts].flatMap((part) => costs[part] ?? []);
  return lines.map((line) => `     cost of each round: ${line}\n`).join('');
}

/** Where no container is found here, the directory would be another host's. Nothing where nothing runs. */
async function filesystemLine(set: TrackerSet): Promise<string> {
  const { runtime, usageReport } = set;
  const { storageDirectory } = runtime;
  if (storageDirectory === undefined) return '';
  if (!usageReport?.containers)
    return set.snapshot().containers.some(({ sample }) => sample) ? `     ${noFilesystem}\n` : '';
  try {
    return storageLine(storageDirectory, await set.filesystem());
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return `     ${reason}: size and inodes of the containers' file system are missing\n`;
  }
}

const noFilesystem =
  "size and inodes of the containers' file system are missing: no container's usage is read by the kernel's files, which say that it is on this host (--usage-source auto or cgroup)";

function storageLine(storageDirectory: string, filesystem: Filesystem | undefined): string {
  if (filesystem) return `     containers are stored on ${filesystem.device}, by ${storageDirectory}\n`;
  const mount = `-v ${storageDirectory}:/host${storageDirectory}:ro`;
  return `     ${storageDirectory} is not to be seen here: size and inodes of the containers' file system are missing; in a container mount it, as in ${mount}\n`;
}

/** Nothing where nothing runs. */
function usageLines(report: UsageReport): string[] {
  const { place, containers, elsewhere, unreadable, unwatched, hasFallback } = report;
  const others = hasFallback ? "by the runtime's API" : 'is missing';
  return [
    ...(containers > 0 ? [`     usage of ${containers} containers by the kernel's files: ${place}`] : []),
    ...[...elsewhere].map(([reason, count]) => `     usage of ${count} containers ${others}: ${reason}`),
    ...[...unreadable].map(
      ([name, count]) => `     ${count} × ${name} cannot be read: ${cureOf(name, hasFallback)}`,
    ),
    ...(unwatched > 0 ? [`     ${unwatched} × cgroup.events cannot be watched: ${unwatchedCost}`] : []),
  ];
}

const unwatchedCost =
  'what a container uses in its last moments may be missing; raise fs.inotify.max_user_watches and fs.inotify.max_user_instances (sysctl)';

function cureOf(name: string, hasFallback: boolean): string {
  if (name === 'net/dev') {
    const cost = hasFallback ? 'for network the runtime is asked in each round' : 'network is missing';
    return `${cost}; mount the host’s /proc, as in -v /proc:/host/proc:ro`;
  }
  const cost = hasFallback
    ? 'the runtime is asked for these metrics in each round'
    : 'these metrics are missing';
  return `${cost}; let this user read the tree, as its default mode does`;
}

function absenceLines({ containers }: RuntimeSnapshot): string[] {
  const counts = new Map<AbsenceReason, number>();
  for (const reason of containers.flatMap(absencesOf)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `     ${count} × ${reason}: ${absenceReasons[reason]}`);
}

/** Result of an empty export to the collector, and its sentence in the report. */
interface CollectorCheck {
  readonly takesExports: boolean;
  readonly text: string;
}

/** Errors of an address where no collector seems to be. */
const isAway = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;

/** Sends the collector an empty export once, with the headers, certificates and proxy of a real one. */
async function checkCollector(options: OtlpTransportOptions, signal: AbortSignal): Promise<CollectorCheck> {
  signal.throwIfAborted();
  const transport = new OtlpTransport(options);
  const abort = (): void => transport.close();
  signal.addEventListener('abort', abort);
  const empty = requestSerializer(options.protocol).serializeRequest([]) ?? new Uint8Array();
  const outcome = await transport.send(empty, { attempts: 1 });
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  transport.close();
  if (outcome.status === 'success') return { takesExports: true, text: 'takes exports' };
  const hint = isAway.test(outcome.error) ? '; without a collector: --exporter prometheus' : '';
  return { takesExports: false, text: `${outcome.reason}${hint}` };
}
