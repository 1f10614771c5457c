import * as z from 'zod';
import { ResponsePairs } from '../../audit/response-pairs.ts';
import type { ResponsePair } from '../../audit/response-pairs.ts';
import { agreesWithKernel, compareMetrics, isWithin } from '../../audit/compare.ts';
import type { Comparison } from '../../audit/compare.ts';
import { ourReadings } from '../../audit/our-readings.ts';
import type { MetricReadings } from '../../audit/our-readings.ts';
import { absenceReasons } from '../../metrics/absence.ts';
import { alignedRows } from '../../metrics/listing.ts';
import { ProbeSignal } from '../../agent/signals.ts';
import type { StatsObserver } from '../../model/observers.ts';
import type { ContainerSnapshot, RuntimeSnapshot } from '../../model/snapshot.ts';
import type { Command, CommandContext } from '../command.ts';
import { printable } from './container-table.ts';
import { inDemo } from './demo.ts';
import { ProbeSession, reportFailures } from './probe-session.ts';

/** Time between the two samples: longer than runtimes cache one. */
const gapMillis = 2000;
/** What goes up and down may have moved between two readings: after so many probes more it was equal once. */
const maxMoreProbes = 4;

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
    describe: "Print our figures beside the docker command's and the kernel's, and fail when they differ",
    options,
    examples: [{ line: '$0 verify', does: 'every running container, from two responses of the runtime' }],
    run: (context) => inDemo(context, (configured) => verify(configured, readings)),
  };
}

async function verify(context: CommandContext<typeof options>, readings: MetricReadings): Promise<number> {
  const { argv, stdout } = context;
  const pairs = new ResponsePairs();
  const stats: StatsObserver = {
    statsReceived: (id, text) => pairs.add(id, text),
    kernelRead: (id, around) => pairs.addKernel(id, around),
  };
  const session = new ProbeSession(context, { observers: { probes: new ProbeSignal(), stats }, gapMillis });
  try {
    await session.probe();
    await session.probeAgain();
    const { format, tolerance } = argv;
    const take = (): readonly Verification[] => verifications(session.snapshots(), pairs, readings);
    let verified = take();
    for (let more = 0; more < maxMoreProbes && moved(verified, tolerance); more += 1) {
      await session.probeAgain();
      verified = settled(verified, take(), tolerance);
    }
    if (format === 'json') stdout.write(`${JSON.stringify(verified, null, 2)}\n`);
    else if (session.isAnswered) stdout.write(verifyTable(verified, tolerance));
    return Math.max(reportFailures(session.failures()), allGood(verified, tolerance) ? 0 : 1);
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

/** True where the runtime's value is the command's and the kernel's files gave another: read a moment before or after. */
function moved(verified: readonly Verification[], tolerance: number): boolean {
  const all = verified.flatMap(({ figures }) => figures);
  return all.some((figure) => isWithin(figure, tolerance) && !agreesWithKernel(figure, tolerance));
}

/** The newer of two verifications, in which each value that agreed before stays as it was. */
function settled(
  before: readonly Verification[],
  after: readonly Verification[],
  tolerance: number,
): readonly Verification[] {
  return before.map((older) => {
    const newer = after.find(({ runtime, id }) => runtime === older.runtime && id === older.id);
    // It has ended since.
    if (!newer || newer.figures.length === 0) return older;
    const figures = newer.figures.map((figure, index) => {
      const first = older.figures[index];
      return first && isGood(first, tolerance) ? first : figure;
    });
    return { ...newer, figures };
  });
}

/** True when a value is the docker command's, and the kernel's where its files give it. */
function isGood(figure: Comparison, tolerance: number): boolean {
  return isWithin(figure, tolerance) && agreesWithKernel(figure, tolerance);
}

/** True when every value is within the tolerance; false when containers run and none was compared. */
function allGood(verified: readonly Verification[], tolerance: number): boolean {
  const all = verified.flatMap(({ figures }) => figures);
  return all.every((figure) => isGood(figure, tolerance)) && (verified.length === 0 || all.length > 0);
}

/** One line per value, and a summary; a column for the kernel where its files gave any. */
function verifyTable(verified: readonly Verification[], tolerance: number): string {
  const all = verified.flatMap(({ figures }) => figures);
  const ofKernel = all.filter(({ kernel }) => kernel).length;
  const headings = ['CONTAINER', 'FIGURE', 'TIDEGAUGE', 'COMMAND', 'DIFFERENCE'];
  const columns = [...headings, ...(ofKernel > 0 ? ['KERNEL'] : []), ''];
  const rows = verified.flatMap((each) => rowsOf(each, tolerance, columns.length));
  const wrong = all.filter((figure) => !isGood(figure, tolerance));
  const compared = verified.filter(({ figures }) => figures.length > 0).length;
  const summary = [
    `${compared} of ${verified.length} running containers compared`,
    `${all.length} figures`,
    ...(ofKernel > 0 ? [`${ofKernel} of them with the kernel's files`] : []),
  ].join(', ');
  const result = wrong.length === 0 ? 'none differs' : `${wrong.length} differ`;
  return `${alignedRows([columns, ...rows], '   ')}${reasonLines(all)}${summary}: ${result}\n`;
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

function rowsOf(
  { container, figures, skipped }: Verification,
  tolerance: number,
  columns: number,
): string[][] {
  const name = printable(container);
  if (skipped !== undefined) return [[name, ...Array<string>(columns - 2).fill('--'), skipped]];
  const hasKernel = columns > 6;
  return figures.map((comparison) => [
    name,
    comparison.figure,
    comparison.ours === undefined ? '--' : shown(comparison.ours),
    shown(comparison.command),
    `${shown(comparison.difference * 100)}%`,
    ...(hasKernel ? [shownRange(comparison.kernel)] : []),
    isGood(comparison, tolerance) ? (comparison.absence ?? '') : differsText(comparison, tolerance),
  ]);
}

function differsText(comparison: Comparison, tolerance: number): string {
  if (isWithin(comparison, tolerance)) return "DIFFERS: the kernel's files give another";
  return comparison.ours === undefined ? 'DIFFERS: ours is missing' : 'DIFFERS';
}

/** What lies between the two readings around the response. */
function shownRange(range: Comparison['kernel']): string {
  if (!range) return '--';
  const [min, max] = [shown(range.min), shown(range.max)];
  return min === max ? min : `${min}..${max}`;
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
