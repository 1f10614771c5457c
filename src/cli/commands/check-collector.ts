import { OtlpExporter } from '../../export/otlp/otlp-exporter.ts';
import type { OtlpExporterOptions } from '../../export/otlp/otlp-exporter.ts';

/** What came of knocking. */
export interface Knock {
  readonly answers: boolean;
  readonly text: string;
}

/** Where other statuses than these come from, the collector says itself. */
const hints: Readonly<Record<number, string>> = {
  401: 'it wants other credentials',
  403: 'it wants other credentials',
  404: 'is this the OTLP/HTTP port (usually 4318)?',
  405: 'is this the OTLP/HTTP port (usually 4318)?',
};

/** Sends the collector an empty export, with the headers, certificates, proxy and retries of a real one. */
export async function knockAtCollector(options: Omit<OtlpExporterOptions, 'observer'>): Promise<Knock> {
  const exporter = new OtlpExporter({ ...options, observer: { exportEnded: () => undefined } });
  const failure = await exporter.knock();
  await exporter.shutdown();
  return failure ? { answers: false, text: reasonOf(failure) } : { answers: true, text: 'takes exports' };
}

function reasonOf(failure: Error): string {
  const code = 'code' in failure ? failure.code : undefined;
  // Nobody listens on either address of a host that has two: such an error has a code alone.
  if (typeof code !== 'number') return failure.message || (typeof code === 'string' ? code : failure.name);
  return `answers ${code}: ${hints[code] ?? failure.message}`;
}
