import { absencesOf } from '../metrics/absence.ts';
import type { AbsenceReason } from '../metrics/absence.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { AnswerPair } from './answer-pairs.ts';
import { commandFigures, readMillis } from './docker-cli.ts';
import { figureNames, figureOf } from './figure.ts';
import type { FigureName } from './figure.ts';
import type { FigureReadings } from './our-figures.ts';

/** One figure beside the docker command's. */
export interface Comparison {
  readonly figure: FigureName;
  /** Absent where the engine does not give it. */
  readonly ours?: number;
  /** Unrounded. */
  readonly command: number;
  /** Of the larger of the two: 0 when they are equal, 1 when one of them is missing. */
  readonly difference: number;
  /** Why ours is absent, where the command prints something else than 0. */
  readonly absence?: AbsenceReason;
}

/**
 * Every figure of a container beside the docker command's from the same two answers. Undefined when the snapshot was
 * not made of these: the container restarted in between, or the engine does not say when it answered.
 */
export function compareFigures(
  snapshot: ContainerSnapshot,
  pair: AnswerPair,
  readings: FigureReadings,
): readonly Comparison[] | undefined {
  if (!isMadeOf(snapshot, pair)) return undefined;
  const command = commandFigures(pair.older, pair.newer, snapshot.engine);
  return figureNames.map((figure) =>
    compareFigure(figure, readings[figure](snapshot), { command: command[figure], snapshot }),
  );
}

/** Whether the figures are as near as they must be: those that are only counted equal, the others within a share. */
export function isWithin({ figure, difference }: Comparison, tolerance: number): boolean {
  return difference <= (figureOf(figure).isExact ? 0 : tolerance);
}

function isMadeOf({ sample, previous }: ContainerSnapshot, { older, newer }: AnswerPair): boolean {
  return sample?.readAt === readMillis(newer) && previous?.readAt === readMillis(older);
}

function compareFigure(
  figure: FigureName,
  ours: number | undefined,
  { command, snapshot }: { readonly command: number; readonly snapshot: ContainerSnapshot },
): Comparison {
  if (ours !== undefined) return { figure, ours, command, difference: relativeDifference(ours, command) };
  const mayLack = figureOf(figure).mayLack;
  const absence = absencesOf(snapshot).find((reason) => mayLack.includes(reason));
  if (command === 0) return { figure, command, difference: 0 };
  return absence ? { figure, command, difference: 0, absence } : { figure, command, difference: 1 };
}

/** What is no number differs wholly. */
function relativeDifference(a: number, b: number): number {
  if (a === b) return 0;
  const share = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
  return Number.isFinite(share) ? share : 1;
}
