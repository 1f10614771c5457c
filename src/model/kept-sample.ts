import type { PreviousSample, Sample } from './sample.ts';

/** A sample whose network figures may not be shown yet. */
export function withoutNetworks(sample: Sample): Sample {
  const { networks, ...others } = sample;
  return networks ? { ...others, unknown: [...(sample.unknown ?? []), 'networks'] } : sample;
}

/** What rates need of a sample once there is a later one. */
export function slim({ takenAt, readAt, windows, cpu }: Sample): PreviousSample {
  return { takenAt, windows, ...(readAt !== undefined && { readAt }), ...(cpu && { cpu }) };
}

/** An engine that gives the same reading twice, as one that replays a recording does, has measured once. */
export function isSameReading(sample: Sample, other: Sample | undefined): boolean {
  return (sample.readAt ?? sample.takenAt) === (other?.readAt ?? other?.takenAt);
}
