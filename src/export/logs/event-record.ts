import { SeverityNumber } from '@opentelemetry/api';
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { ContainerEvent } from '../../model/events.ts';
import { numberOf } from '../../model/sample.ts';
import type { BlockIoUsage, CpuUsage, Integer, Sample } from '../../model/sample.ts';

/** A log record of an event, without its container's identity. */
interface EventRecord {
  readonly eventName: string;
  readonly severityNumber: SeverityNumber;
  readonly severityText: 'INFO' | 'WARN';
  readonly body: string;
  readonly attributes: Attributes;
  /** Time of the event by the runtime's clock; absent when the event has none, or a malformed one. */
  readonly timestamp?: HrTime;
}

/** Limit of a signed 64-bit field of nanoseconds. */
const maxNanos = 2 ** 63;

/**
 * An event as a log record: a `container.ACTION` event, of severity WARN for failures.
 *
 * @param last what the run had used, of the event of its end.
 */
export function eventRecord(event: ContainerEvent, name: string, last?: Sample): EventRecord {
  const { action, health, exitCode, signal } = event;
  const isBad = isUnwished(action, exitCode, health);
  const timestamp = timeOf(event);
  return {
    eventName: `container.${action}`,
    severityNumber: isBad ? SeverityNumber.WARN : SeverityNumber.INFO,
    severityText: isBad ? 'WARN' : 'INFO',
    body: `${name}: ${action}${health === undefined ? '' : `: ${health}`}${exitCode === undefined ? '' : `, exit code ${exitCode}`}`,
    attributes: {
      'container.event.action': action,
      ...(exitCode !== undefined && { 'container.exit_code': exitCode }),
      ...(signal !== undefined && { 'container.event.signal': signal }),
      ...(health !== undefined && { 'container.health.status': health }),
      ...(last && usageAttributes(last)),
    },
    ...(timestamp && { timestamp }),
  };
}

function isUnwished(action: string, exitCode = 0, health = ''): boolean {
  return action === 'oom' || health === 'unhealthy' || (action === 'die' && exitCode !== 0);
}

function timeOf({ nanos }: ContainerEvent): HrTime | undefined {
  if (nanos === undefined || nanos >= maxNanos) return undefined;
  const fraction = nanos % 1e9;
  return [Math.round((nanos - fraction) / 1e9), fraction];
}

/** What a run had used, under names of the metrics where these have one value; what is not known is absent. */
function usageAttributes({ cpu, memory, blockIo }: Sample): Attributes {
  const all: Attributes = {
    ...(cpu && cpuAttributes(cpu)),
    'container.memory.usage.peak': numberOf(memory?.maxUsage),
    'container.memory.oom_kills': numberOf(memory?.events?.['oom_kill']),
    'container.disk.read.bytes': blockIo && bytesOf(blockIo, 'read'),
    'container.disk.write.bytes': blockIo && bytesOf(blockIo, 'write'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function cpuAttributes({ totalNanos, userNanos, kernelNanos, throttling }: CpuUsage): Attributes {
  return {
    'container.cpu.time': seconds(totalNanos),
    'container.cpu.user.time': seconds(userNanos),
    'container.cpu.system.time': seconds(kernelNanos),
    'container.cpu.throttling.throttled_time': seconds(throttling?.throttledNanos),
  };
}

function seconds(nanos: Integer | undefined): number | undefined {
  return nanos === undefined ? undefined : Number(nanos) / 1e9;
}

/** Over all devices; the kernel lists those alone that were used. Unknown where one of them is. */
function bytesOf({ serviceBytes = [] }: BlockIoUsage, direction: 'read' | 'write'): number | undefined {
  let sum = 0;
  for (const { operation, value } of serviceBytes) {
    if (operation !== direction) continue;
    if (value === undefined) return undefined;
    sum += Number(value);
  }
  return sum;
}
