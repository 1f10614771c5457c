import { duration } from '../types/duration.ts';
import type { KnownValues, SettingTable } from './setting.ts';

/** How often the engines are asked, and how long they may take. */
export const probeSettings = {
  interval: {
    type: duration(100),
    default: '10s',
    group: 'Probing',
    help: 'Time between two exports, and so between two probes',
    example: '30s',
    otelVariables: [{ name: 'OTEL_METRIC_EXPORT_INTERVAL' }],
  },
  minProbeInterval: {
    type: duration(0),
    default: shareOfInterval,
    defaultText: 'half the interval, 1s at least',
    group: 'Probing',
    help: 'A probe younger than this is shared by all who ask',
    example: '2s',
    atMost: 'interval',
  },
  probeTimeout: {
    type: duration(100),
    default: '2m',
    group: 'Probing',
    help: 'A probe is aborted after this',
    example: '1m',
  },
  inlineTimeout: {
    type: duration(100),
    default: '20s',
    group: 'Probing',
    help: 'A scrape waits this long for a probe, then gets what there is; a push no longer than half its interval',
    example: '5s',
    atMost: 'probeTimeout',
  },
  callTimeout: {
    type: duration(100),
    default: '30s',
    group: 'Probing',
    help: 'One call to an engine is aborted after this',
    example: '10s',
    atMost: 'probeTimeout',
  },
  diskUsageInterval: {
    type: duration(0).refine((millis) => millis === 0 || millis >= 10_000, {
      error: 'expected at least 10s, or 0 for never',
    }),
    default: '10m',
    group: 'Probing',
    help: 'Time between two measurements of disk usage, which an engine may take minutes for; 0: never',
    example: '1h',
  },
} as const satisfies SettingTable;

/** More often is for those who ask for it: a sample of every container each time is work for the engine. */
const shortestMillis = 1000;

/** A scrape and a push of one interval, however far apart, are never both later than this: they share one probe. */
function shareOfInterval({ interval }: KnownValues): string {
  return `${Math.max(shortestMillis, interval / 2)}ms`;
}
