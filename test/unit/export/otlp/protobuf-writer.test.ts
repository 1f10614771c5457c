import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtobufWriter } from '../../../../src/export/otlp/stale-encoding.ts';

type Field =
  | { readonly kind: 'varint'; readonly value: bigint }
  | { readonly kind: 'fixed64'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'message'; readonly fields: readonly Field[] };

const leaf: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('varint' as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
  fc.record({ kind: fc.constant('fixed64' as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
  fc.record({ kind: fc.constant('double' as const), value: fc.double() }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
  // So long that other fields meet the edges of the first buffer, and of later ones.
  fc.record({
    kind: fc.constant('text' as const),
    value: fc.nat(140_000).map((length) => 'x'.repeat(length)),
  }),
);
const field: fc.Arbitrary<Field> = fc.oneof(
  { weight: 4, arbitrary: leaf },
  fc.record({ kind: fc.constant('message' as const), fields: fc.array(leaf) }),
);

/** Field 3, from its end. */
function write(writer: ProtobufWriter, one: Field): void {
  if (one.kind === 'varint') writer.varint(3, one.value);
  else if (one.kind === 'fixed64') writer.fixed64(3, one.value);
  else if (one.kind === 'double') writer.double(3, one.value);
  else if (one.kind === 'text') writer.text(3, one.value);
  else writer.message(3, () => one.fields.toReversed().forEach((each) => write(writer, each)));
}

/** The same from its beginning, as the encoding's own guide has it. */
function expected(one: Field): Buffer {
  const eight = Buffer.alloc(8);
  if (one.kind === 'varint') return Buffer.concat([varint(3n << 3n), varint(one.value)]);
  if (one.kind === 'fixed64' || one.kind === 'double') {
    if (one.kind === 'double') eight.writeDoubleLE(one.value);
    else eight.writeBigUInt64LE(one.value);
    return Buffer.concat([varint((3n << 3n) | 1n), eight]);
  }
  const content = one.kind === 'text' ? Buffer.from(one.value) : Buffer.concat(one.fields.map(expected));
  return Buffer.concat([varint((3n << 3n) | 2n), varint(BigInt(content.length)), content]);
}

function varint(value: bigint): Buffer {
  return value < 128n
    ? Buffer.of(Number(value))
    : Buffer.concat([Buffer.of(Number(value & 127n) | 128), varint(value >> 7n)]);
}

test('written from its end, a message is as if written from its beginning', () => {
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const writer = new ProtobufWriter();
      for (const each of fields.toReversed()) write(writer, each);
      assert.ok(Buffer.concat(fields.map(expected)).equals(writer.finish()));
    }),
  );
});

test('every field grows the buffer, wherever its edge is', () => {
  const small: readonly Field[] = [
    { kind: 'varint', value: 2n ** 63n },
    { kind: 'fixed64', value: 1n },
    { kind: 'double', value: 0.5 },
    { kind: 'message', fields: [] },
  ];
  for (const one of small) {
    for (let length = 65_500; length < 65_536; length += 1) {
      const fields: readonly Field[] = [one, { kind: 'text', value: 'x'.repeat(length) }];
      const writer = new ProtobufWriter();
      for (const each of fields.toReversed()) write(writer, each);
      assert.ok(Buffer.concat(fields.map(expected)).equals(writer.finish()), `${one.kind} ${length}`);
    }
  }
});

test('a negative integer is written in two’s complement', () => {
  const writer = new ProtobufWriter();
  writer.varint(3, -7);
  assert.ok(expected({ kind: 'varint', value: 2n ** 64n - 7n }).equals(writer.finish()));
});
