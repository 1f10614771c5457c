import type { ISerializer } from '@opentelemetry/otlp-transformer';

/** What one export sent, and what the collector refused of it while it answered 200. */
export interface Tally {
  bytes: number;
  rejected: number;
}

/**
 * Counts what goes out and what is refused.
 * @param rejectedIn what an answer refuses, under the name that its signal has for it.
 */
export function tallying<Request, Response>(
  serializer: ISerializer<Request, Response>,
  tally: Tally,
  rejectedIn: (response: Response) => number | string | undefined,
): ISerializer<Request, Response> {
  return {
    serializeRequest(request) {
      const bytes = serializer.serializeRequest(request);
      tally.bytes += bytes?.length ?? 0;
      return bytes;
    },
    deserializeResponse(data) {
      const response = serializer.deserializeResponse(data);
      tally.rejected += Number(rejectedIn(response) ?? 0);
      return response;
    },
  };
}
