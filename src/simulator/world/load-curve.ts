/** A load that rises and falls around a mean, and what it has added up to: both closed forms of the time. */
export interface LoadCurve {
  /** The load at that second; never below 10 % of the mean. */
  readonly at: (seconds: number) => number;
  /** The integral of the load from 0 to that second; grows strictly, so counters made of it never fall. */
  readonly total: (seconds: number) => number;
}

interface Wave {
  readonly amplitude: number;
  readonly frequency: number;
  readonly phase: number;
}

/** Shares of the mean that swing within a minute, within minutes and within hours; their sum stays below 1. */
const SWINGS = [
  { share: 0.4, seconds: 40 },
  { share: 0.3, seconds: 420 },
  { share: 0.2, seconds: 9000 },
] as const;

/** Draws a curve around the mean: three sine waves whose periods and phases come from the random stream. */
export function createLoadCurve(random: () => number, mean: number): LoadCurve {
  const waves = SWINGS.map(({ share, seconds }): Wave => ({
    amplitude: share * mean,
    frequency: (2 * Math.PI) / (seconds * (0.6 + 0.8 * random())),
    phase: 2 * Math.PI * random(),
  }));
  return {
    at: (seconds) => waves.reduce((sum, wave) => sum + swing(wave, seconds), mean),
    total: (seconds) => waves.reduce((sum, wave) => sum + swung(wave, seconds), mean * seconds),
  };
}

function swing({ amplitude, frequency, phase }: Wave, seconds: number): number {
  return amplitude * Math.sin(frequency * seconds + phase);
}

function swung({ amplitude, frequency, phase }: Wave, seconds: number): number {
  return (amplitude / frequency) * (Math.cos(phase) - Math.cos(frequency * seconds + phase));
}
