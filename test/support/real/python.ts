import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { OtlpRequest } from './collector.ts';
import { componentPath } from './component.ts';

const script = join(import.meta.dirname, '../../components/parse_exposition.py');

/** One line of an exposition; the value may be NaN or infinite. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since 1970; absent when the line has none. */
  readonly timestamp?: number;
  readonly exemplar?: { readonly labels: Readonly<Record<string, string>>; readonly value: number };
}

/** A metric family as prometheus-client understands it: a counter's name comes without `_total`. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

/** Parses OpenMetrics with prometheus-client, which is strict: throws with its words at the first mistake. */
export async function parseOpenMetrics(exposition: string): Promise<ParsedFamily[]> {
  return toFamilies(await python('openmetrics', exposition));
}

/** Parses the text format 0.0.4 with prometheus-client, which forgives much: use promtool to judge. */
export async function parsePrometheusText(exposition: string): Promise<ParsedFamily[]> {
  return toFamilies(await python('prometheus', exposition));
}

/** Decodes a protobuf body of OTLP metrics with opentelemetry-proto, to the JSON form that a Collector's file has. */
export async function decodeOtlp(body: Uint8Array): Promise<OtlpRequest> {
  const request: OtlpRequest = JSON.parse(await python('otlp', body));
  return request;
}

async function python(format: string, input: string | Uint8Array): Promise<string> {
  const parser = spawn(componentPath('python'), [script, format], { stdio: ['pipe', 'pipe', 'pipe'] });
  const [stdout, stderr, closed] = [text(parser.stdout), text(parser.stderr), once(parser, 'close')];
  parser.stdin.end(input);
  await closed;
  if (parser.exitCode !== 0) {
    // A traceback's last line is the error itself.
    throw new Error(`not ${format}: ${(await stderr).trim().split('\n').at(-1)}`);
  }
  return await stdout;
}

type Written = number | 'NaN' | 'Infinity' | '-Infinity';

interface WrittenFamily extends Omit<ParsedFamily, 'samples'> {
  readonly samples: readonly (Omit<ParsedSample, 'value' | 'exemplar'> & {
    readonly value: Written;
    readonly exemplar?: { readonly labels: Readonly<Record<string, string>>; readonly value: Written };
  })[];
}

function toFamilies(json: string): ParsedFamily[] {
  const families: WrittenFamily[] = JSON.parse(json);
  return families.map((family) => ({
    ...family,
    samples: family.samples.map(({ value, exemplar, ...sample }) => ({
      ...sample,
      value: Number(value),
      ...(exemplar && { exemplar: { ...exemplar, value: Number(exemplar.value) } }),
    })),
  }));
}
