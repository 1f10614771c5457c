import type { OtlpAttribute, OtlpLogRecord, OtlpRequest } from '../real/collector.ts';

/** One log record under its resource, in plain values. */
export interface LogRecord {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly eventName: string | undefined;
  readonly severity: string | undefined;
  readonly body: string | undefined;
  readonly nanos: number;
  readonly observedNanos: number;
}

/** The records of these messages that are of the container with that name, in order. */
export function logRecords(messages: readonly OtlpRequest[], container: string): LogRecord[] {
  const all = messages.flatMap(({ resourceLogs = [] }) =>
    resourceLogs.flatMap(({ resource, scopeLogs = [] }) =>
      scopeLogs.flatMap((scope) =>
        (scope.logRecords ?? []).map((record) => plainRecord(record, resource?.attributes)),
      ),
    ),
  );
  return all.filter(({ resource }) => resource['container.name'] === container);
}

function plainRecord(record: OtlpLogRecord, resource: readonly OtlpAttribute[] = []): LogRecord {
  return {
    resource: plain(resource),
    attributes: plain(record.attributes ?? []),
    eventName: record.eventName,
    severity: record.severityText,
    body: record.body?.stringValue,
    nanos: Number(record.timeUnixNano),
    observedNanos: Number(record.observedTimeUnixNano),
  };
}

function plain(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value = {} }) => {
      const { stringValue, intValue, doubleValue, arrayValue } = value;
      if (arrayValue) return [key, arrayValue.values?.map((each) => each.stringValue)];
      return [key, stringValue ?? doubleValue ?? Number(intValue)];
    }),
  );
}
