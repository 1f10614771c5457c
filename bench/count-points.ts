/** Fields on the way from an export to its data points, by `metrics.proto`: resources, scopes, metrics. */
const containers = [1, 2, 2] as const;
/** gauge, sum, histogram, exponential histogram, summary: each has its points in field 1. */
const dataFields: ReadonlySet<number> = new Set([5, 7, 9, 10, 11]);
const lengthDelimited = 2;

/** Number of data points in an `ExportMetricsServiceRequest`. */
export function countPoints(request: Uint8Array): number {
  return countBelow(request, 0);
}

function countBelow(message: Uint8Array, depth: number): number {
  let count = 0;
  for (const { field, content } of messagesIn(message)) {
    const wanted = containers[depth];
    if (wanted === undefined) count += dataFields.has(field) ? pointsIn(content) : 0;
    else if (field === wanted) count += countBelow(content, depth + 1);
  }
  return count;
}

function pointsIn(data: Uint8Array): number {
  let count = 0;
  for (const { field } of messagesIn(data)) if (field === 1) count += 1;
  return count;
}

/** Length-delimited fields of a message, whose other fields are skipped. */
function* messagesIn(bytes: Uint8Array): Generator<{ field: number; content: Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (type === lengthDelimited) {
      const length = varint();
      yield { field, content: bytes.subarray(at, at + length) };
      at += length;
    } else if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else throw new Error(`a protobuf field of type ${type} at byte ${at}`);
  }
}
