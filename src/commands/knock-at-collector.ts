/** What came of knocking. */
export interface Knock {
  readonly answers: boolean;
  readonly text: string;
}

const knockMillis = 3000;

/** Sends the collector an empty request: any HTTP answer but 404 shows that somebody takes OTLP there. */
export async function knockAtCollector(url: URL): Promise<Knock> {
  try {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(knockMillis);
    const { status } = await fetch(url, { method: 'POST', headers, body: '{"resourceMetrics":[]}', signal });
    if (status < 300) return { answers: true, text: `answers ${status}` };
    if (status === 401 || status === 403)
      return { answers: true, text: `answers ${status}: it wants credentials` };
    return { answers: false, text: `answers ${status}: is this the OTLP/HTTP port (usually 4318)?` };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { answers: false, text: cause instanceof Error ? cause.message || cause.name : String(cause) };
  }
}
