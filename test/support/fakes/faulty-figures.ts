import type { FigureName } from '../../../src/audit/figure.ts';
import { ourFigures, type FigureReadings } from '../../../src/audit/our-figures.ts';

/** Our figures with a planted fault: one of them a hundredth too high. */
export function withFault(figure: FigureName): FigureReadings {
  const read = ourFigures[figure];
  return {
    ...ourFigures,
    [figure]: (snapshot: Parameters<typeof read>[0]) => {
      const value = read(snapshot);
      return value === undefined ? undefined : value * 1.01;
    },
  };
}
