import { z } from 'zod';
import { ResponsePairs } from '../../audit/response-pairs.ts';
import type { ResponsePair } from '../../audit/response-pairs.ts';
import { compareMetrics, isWithin } from '../../audit/compare.ts';
import type { Comparison } from '../../audit/compare.ts';
import { ourReadings } from '../../audit/our-readings.ts';
import type { MetricReadings } from '../../audit/our-readings.ts';
import { absenceReasons } from '../../metrics/absence.ts';
import { alignedRows } from '../../metrics/listing.ts';
import { ProbeSignal } from '../../agent/signals.ts';
import type { ContainerSnapshot, RuntimeSnapshot } from '../../model/snapshot.ts';
import type { Command, CommandContext } from '../command.ts';
import { printable } from './container-table.ts';
import { inDemo } from './demo.ts';
import { ProbeSession, reportFailures } from './probe-session.ts';

/** Time between the two samples: longer than runtimes cache one. */
const gapMillis = 2000;

const formats = ['table', 'json'] as const;

const options = {
  format: {
    type: z.enum(formats, { error: `expected one of ${formats.join(', ')}` }),
    default: 'table',
    help: `How to print: ${formats.join(', ')}`,
  },
  tolerance: {
    type: percentage(),
    default: '0.1',
    help: 'Percent by which figures that are divided may differ; those that are counted may not at all',
  },
};

/** `tidegauge verify`: our values beside the docker command's, from the same responses. */
export const verifyCommand = verifyWith(ourReadings);

/** The command over other readings of our metrics: a test gives a faulty one. */
export function verifyWith(readings: MetricReadings): Command<typeof options> {
  return {
    name: 'verify',
    describe: "Print our figures beside the docker command's, and fail when they differ",
    options,
    examples: [{ line: '$0 verify', does: 'every running container, from two responses of the runtime' }],
    run: (context) => inDemo(context, (configured) => verify(configured, readings)),
  };
}

async function verify(context: CommandContext<typeof options>, readings: MetricReadings): Promise<number> {
  const { argv, stdout } = context;
  const pairs = new ResponsePairs();
  const stats = { statsReceived: (id: string, text: string): void => pairs.add(id, text) };
  const session = new ProbeSession(context, { observers: { probes: new ProbeSignal(), stats }, gapMillis });
  try {
    await session.probe();
    await session.probeAgain();
    const verified = verifications(session.snapshots(), pairs, readings);
    const { format, tolerance } = argv;
    if (format === 'json') stdout.write(`${JSON.stringify(verified, null, 2)}\n`);
    else if (session.isAnswered) stdout.write(verifyTable(verified, tolerance));
    return Math.max(reportFailures(session.failures()), isGood(verified, tolerance) ? 0 : 1);
  } finally {
    session.close();
  }
}

/** Comparison of one running container. */
export interface Verification {
  readonly runtime: string;
  readonly container: string;
  readonly id: string;
  /** Empty when it could not be compared. */
  readonly figures: readonly Comparison[];
  /** Reason why it could not be compared. */
  readonly skipped?: string;
}

const headings = ['CONTAINER', 'FIGURE', 'TIDEGAUGE', 'COMMAND', 'DIFFERENCE', ''] as const;

/** Every running container's values beside the docker command's, in the order of names. */
function verifications(
  runtimes: readonly RuntimeSnapshot[],
  pairs: ResponsePairs,
  readings: MetricReadings,
): readonly Verification[] {
  return runtimes
    .flatMap(({ containers }) => containers)
    .filter(isRunning)
    .map((snapshot) => verificationOf(snapshot, pairs, readings))
    .toSorted((a, b) => compareText(a.runtime, b.runtime) || compareText(a.container, b.container));
}

/** True when every value is within the tolerance; false when containers run and none was compared. */
function isGood(verified: readonly Verification[], tolerance: number): boolean {
  const all = verified.flatMap(({ figures }) => figures);
  return all.every((figure) => isWithin(figure, tolerance)) && (verified.length === 0 || all.length > 0);
}

/** One line per value, and a summary. */
function verifyTable(verified: readonly Verification[], tolerance: number): string {
  const rows = verified.flatMap((each) => rowsOf(each, tolerance));
  const all = verified.flatMap(({ figures }) => figures);
  const wrong = all.filter((figure) => !isWithin(figure, tolerance));
  const compared = verified.filter(({ figures }) => figures.length > 0).length;
  const summary = `${compared} of ${verified.length} running containers compared, ${all.length} figures: ${
    wrong.length === 0 ? 'none differs' : `${wrong.length} differ`
  }\n`;
  return alignedRows([headings, ...rows], '   ') + reasonLines(all) + summary;
}

function isRunning({ state, published }: ContainerSnapshot): boolean {
  return published && (state.status === 'running' || state.status === 'paused');
}

function verificationOf(
  snapshot: ContainerSnapshot,
  pairs: ResponsePairs,
  readings: MetricReadings,
): Verification {
  const { runtime, identity } = snapshot;
  const named = { runtime: runtime.name, container: identity.name, id: identity.id };
  const pair = pairs.of(identity.id);
  const figures = pair && compareMetrics(snapshot, pair, readings);
  return figures ? { ...named, figures } : { ...named, figures: [], skipped: reasonFor(snapshot, pair) };
}

function reasonFor({ sample, previous, givesNoUsage }: ContainerSnapshot, pair?: ResponsePair): string {
  if (givesNoUsage) return 'the runtime gives no usage of it';
  if (!sample) return 'it could not be measured';
  if (pair && pair.older === pair.newer) return 'the runtime gave one response twice';
  return previous ? 'the runtime gave no two responses with times' : 'it has just started';
}

function rowsOf({ container, figures, skipped }: Verification, tolerance: number): string[][] {
  const name = printable(container);
  if (skipped !== undefined) return [[name, '--', '--', '--', '--', skipped]];
  return figures.map((comparison) => [
    name,
    comparison.figure,
    comparison.ours === undefined ? '--' : shown(comparison.ours),
    shown(comparison.command),
    `${shown(comparison.difference * 100)}%`,
    isWithin(comparison, tolerance) ? (comparison.absence ?? '') : differsText(comparison),
  ]);
}

function differsText({ ours }: Comparison): string {
  return ours === undefined ? 'DIFFERS: ours is missing' : 'DIFFERS';
}

/** A line for each reason in the table: its meaning. */
function reasonLines(figures: readonly Comparison[]): string {
  const reasons = new Set(figures.flatMap(({ absence }) => absence ?? []));
  const texts = { ...absenceReasons, 'not-in-response': "the runtime's response has no such value" };
  return [...reasons].map((reason) => `${reason}: ${texts[reason]}\n`).join('');
}

/** Whole numbers whole, others with as many digits as a person compares. */
function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A share in percent, from 0 to 100, in decimal digits; the value is the share from 0 to 1. */
export function percentage(): z.ZodType<number> {
  const error = 'expected a percentage from 0 to 100, such as 0.1';
  return z
    .string({ error })
    .regex(/^\s*\d{1,3}(?:\.\d{1,12})?\s*%?\s*$/, { error })
    .transform((text) => Number.parseFloat(text) / 100)
    .refine((share) => share <= 1, { error });
}
