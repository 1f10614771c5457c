import { SeverityNumber } from '@opentelemetry/api';
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { ContainerEvent } from '../../model/events.ts';

/** A log record of an event, without who the container is. */
export interface EventRecord {
  readonly eventName: string;
  readonly severityNumber: SeverityNumber;
  readonly severityText: 'INFO' | 'WARN';
  readonly body: string;
  readonly attributes: Attributes;
  /** When it happened, by the engine's clock; absent when the engine does not tell, or tells nonsense. */
  readonly timestamp?: HrTime;
}

/** What a 64-bit field of nanoseconds can hold. */
const mostNanos = 2 ** 63;

/** What an event says, as a log record: a `container.ACTION` event, of severity WARN for what nobody wishes for. */
export function eventRecord(event: ContainerEvent, name: string): EventRecord {
  const [action = '', health] = event.action.split(': ');
  const exitCode = exitCodeOf(event);
  const { signal } = event.attributes;
  const isBad = isUnwished(action, exitCode, health);
  const timestamp = timeOf(event);
  return {
    eventName: `container.${action}`,
    severityNumber: isBad ? SeverityNumber.WARN : SeverityNumber.INFO,
    severityText: isBad ? 'WARN' : 'INFO',
    body: `${name}: ${event.action}${exitCode === undefined ? '' : `, exit code ${exitCode}`}`,
    attributes: {
      'container.event.action': action,
      ...(exitCode !== undefined && { 'container.exit_code': exitCode }),
      ...(signal !== undefined && { 'container.event.signal': signal }),
      ...(health !== undefined && { 'container.health.status': health }),
    },
    ...(timestamp && { timestamp }),
  };
}

function isUnwished(action: string, exitCode = 0, health = ''): boolean {
  return action === 'oom' || health === 'unhealthy' || (action === 'die' && exitCode !== 0);
}

/** Docker's word, or Podman's. */
function exitCodeOf({ attributes }: ContainerEvent): number | undefined {
  const text = attributes['exitCode'] ?? attributes['containerExitCode'];
  return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function timeOf({ nanos }: ContainerEvent): HrTime | undefined {
  if (nanos === undefined || nanos >= mostNanos) return undefined;
  const fraction = nanos % 1e9;
  return [Math.round((nanos - fraction) / 1e9), fraction];
}
