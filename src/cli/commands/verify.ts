import { z } from 'zod';
import { createTrackers, findEndpoints } from '../../agent/trackers.ts';
import { AnswerPairs } from '../../audit/answer-pairs.ts';
import { ourFigures } from '../../audit/our-figures.ts';
import type { FigureReadings } from '../../audit/our-figures.ts';
import { systemClock } from '../../clock.ts';
import { observeProbes } from '../../model/observers.ts';
import type { Trackers } from '../../tracker/trackers.ts';
import type { Command, CommandContext } from '../command.ts';
import { withDemo } from './demo.ts';
import { patient } from './probe-session.ts';
import { percentage, isGood, verifications, verifyTable } from './verify-report.ts';

/** Between the two answers: longer than engines keep one and give it again. */
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

/** `tidegauge verify`: our figures beside the docker command's, from the same answers. */
export const verifyCommand = verifyWith(ourFigures);

/** The command over other readings of our figures: a test gives a faulty one. */
export function verifyWith(readings: FigureReadings): Command<typeof options> {
  return {
    name: 'verify',
    describe: "Print our figures beside the docker command's, and fail when they differ",
    options,
    examples: [{ line: '$0 verify', does: 'every running container, from two answers of the engine' }],
    run: (context) => verify(context, readings),
  };
}

async function verify(context: CommandContext<typeof options>, readings: FigureReadings): Promise<number> {
  const { log, argv, stdout, signal } = context;
  const demo = await withDemo(context);
  const config = demo.applyTo(context.config);
  const pairs = new AnswerPairs();
  const heard = (id: string, answer: string): void => pairs.hear(id, answer);
  const trackers = createTrackers(
    { ...patient(config), minProbeInterval: gapMillis / 2 },
    findEndpoints(config, process.env),
    observeProbes([]),
    { clock: systemClock, log, heard },
  );
  try {
    const failures = await probeTwice(trackers, config.inlineTimeout, signal);
    const verified = verifications(trackers.snapshots(), pairs, readings);
    const { format, tolerance } = argv;
    stdout.write(
      format === 'json' ? `${JSON.stringify(verified, null, 2)}\n` : verifyTable(verified, tolerance),
    );
    for (const failure of failures) process.stderr.write(`tidegauge: ${failure}\n`);
    return failures.length === 0 && isGood(verified, tolerance) ? 0 : 1;
  } finally {
    trackers.close();
    await demo.close();
  }
}

/** Why engines could not be reached, each with its name. */
async function probeTwice(trackers: Trackers, waitMillis: number, signal: AbortSignal): Promise<string[]> {
  await trackers.update();
  // Who could not be reached has had its wait.
  const reached = trackers.sets.filter(({ failure, wasProbed }) => wasProbed && failure === undefined);
  if (reached.length > 0) {
    await systemClock.sleep(gapMillis, signal);
    await Promise.all(reached.map((set) => set.update(waitMillis)));
  }
  return trackers.sets
    .filter(({ failure, wasProbed }) => failure !== undefined || !wasProbed)
    .map(({ engine, failure }) => `${engine.name}: ${failure ?? 'not probed'}`);
}
