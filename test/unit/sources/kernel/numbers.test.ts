import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nanosOfMicros } from '../../../../src/sources/cgroup/cgroup-reading.ts';
import { times } from '../../../../src/sources/kernel/kernel-text.ts';
import { clockTicks, pageSize } from '../../../../src/sources/kernel/host-files.ts';

/** An auxiliary vector as the kernel lays it out on 64 bits. */
function auxiliary(...entries: readonly (readonly [type: bigint, value: bigint])[]): Buffer {
  const bytes = Buffer.alloc(16 * entries.length);
  for (const [index, [type, value]] of entries.entries()) {
    bytes.writeBigUInt64LE(type, 16 * index);
    bytes.writeBigUInt64LE(value, 16 * index + 8);
  }
  return bytes;
}

test('ticks a second: by the auxiliary vector, else the usual', () => {
  assert.equal(clockTicks(auxiliary([6n, 4096n], [17n, 250n], [0n, 0n])), 250);
  assert.equal(clockTicks(auxiliary([6n, 17n], [0n, 0n])), 100);
  assert.equal(clockTicks(auxiliary([17n, 250n]).subarray(0, 12)), 100);
  assert.equal(clockTicks(Buffer.alloc(0)), 100);
});

test('bytes of a page: by the auxiliary vector, else the usual', () => {
  assert.equal(pageSize(auxiliary([17n, 100n], [6n, 65_536n], [0n, 0n])), 65_536);
  assert.equal(pageSize(auxiliary([17n, 100n], [0n, 0n])), 4096);
});

test('products: exact above 2^53, absent above the largest integer', () => {
  assert.equal(times(5, 10_000_000), 50_000_000);
  assert.equal(nanosOfMicros(9_007_199_254_741), 9_007_199_254_741_000n);
  assert.equal(nanosOfMicros(2n ** 60n), undefined);
  assert.equal(nanosOfMicros(undefined), undefined);
});
