import type { Result } from '../results.ts';
import { goalsOf } from './goals.ts';
import { renderScaling } from './scaling.ts';
import { markdownTable, renderTables } from './tables.ts';

function verdict(holds: boolean | undefined): string {
  if (holds === undefined) return 'not measured';
  return holds ? 'yes' : '**no**';
}

/** Goals, tables of agents and the pages on scaling, in Markdown. */
export function renderReport(results: readonly Result[]): string {
  const commits = [...new Set(results.map(({ commit }) => commit))].join(', ');
  const { node, machine } = results[0] ?? {};
  const times = results.map(({ at }) => at).toSorted();
  const head = `${times[0] ?? ''} to ${times.at(-1) ?? ''}, ${machine ?? ''}, Node ${node ?? ''}, commits ${commits}`;
  const goals = markdownTable(
    ['row', 'what', 'goal', 'measured', 'holds'],
    goalsOf(results).map(({ row, what, goal, measured, holds }) => [
      `${row}`,
      what,
      goal,
      measured,
      verdict(holds),
    ]),
  );
  const scaling = renderScaling(results);
  return [
    head,
    '## Goals',
    goals,
    '## Agents',
    renderTables(results),
    ...(scaling ? ['## Scaling', scaling] : []),
    '',
  ].join('\n\n');
}
