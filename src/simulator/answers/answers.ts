/** A request as the front passes it on. */
export interface AnswerRequest {
  readonly query: URLSearchParams;
  /** NN of the requested version 1.NN, or of the engine's own. */
  readonly apiMinor: number;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** True when a one-shot sample waits for the next tick, as in engines before 25. */
  readonly tickWait: boolean;
}

/** Receiver of the lines of a stream. */
export interface LineSink {
  /** Sends a line; the text brings its own newline. */
  line(text: string): void;
  /** The engine itself ends the stream. */
  end(): void;
}

/** One answer: a whole body, or lines for as long as the client reads. */
export type Answer =
  | { readonly kind: 'body'; readonly status: number; readonly body: string }
  /** `open` starts the stream and returns what closes it; closing twice is allowed. */
  | { readonly kind: 'lines'; readonly open: (sink: LineSink) => () => void };

/** The versions that the front checks requests against and writes into every header. */
interface EngineVersions {
  readonly engineVersion: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
}

/** Source of answers: the simulated world, or anything else that can answer like an engine. */
export interface EngineAnswers {
  readonly versions: EngineVersions;
  /** Every name by which the container of that reference goes; for faults of one container. */
  aliases(reference: string): readonly string[];
  version(request: AnswerRequest): Answer;
  info(request: AnswerRequest): Answer;
  list(request: AnswerRequest): Answer;
  inspect(reference: string, request: AnswerRequest): Answer;
  stats(reference: string, request: AnswerRequest): Promise<Answer>;
  events(request: AnswerRequest): Answer;
  /** Disk usage; without it the path gives 404. */
  diskUsage?(request: AnswerRequest): Answer;
}

/** An answer of JSON that is not text yet. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { kind: 'body', status, body: `${JSON.stringify(value)}\n` };
}

/** An error as Moby words it (shape of api/types/common ErrorResponse). */
export function errorAnswer(status: number, message: string): Answer {
  return jsonAnswer({ message }, status);
}
