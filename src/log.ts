import {
  destination as fileDestination,
  pino,
  stdSerializers,
  stdTimeFunctions,
  type LevelWithSilent,
} from 'pino';

/** Fields of a line beside its message; an error goes under `error`. */
type LogFields = Readonly<Record<string, unknown>>;

/** Structured log lines; safe to use from anywhere at any time, never throws. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same log with these fields on each line; it follows no later change of level. */
  child(fields: LogFields): Log;
}

/** The log of the process, whose level a reload may change. */
export interface RootLog extends Log {
  level: string;
}

/** Target and level of lines. */
export interface LogOptions {
  readonly level: LevelWithSilent;
  /** Standard error when absent. */
  readonly destination?: { write(line: string): void };
}

/** JSON lines with level names and ISO times. Written synchronously: the last line before an exit is the one that counts. */
export function createLog({ level, destination = standardError() }: LogOptions): RootLog {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      errorKey: 'error',
      serializers: { error: stdSerializers.err },
    },
    destination,
  );
}

/** An agent outlives the reader of its log, so a closed pipe is no reason to end. */
function standardError() {
  const stream = fileDestination({ dest: 2, sync: true });
  stream.on('error', () => undefined);
  return stream;
}
