import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, hostPart, portPart } from '../../../../src/config/types/address.ts';
import { refusals } from '../refusals.ts';

const good: readonly (readonly [unknown, string, number])[] = [
  ['127.0.0.1:9417', '127.0.0.1', 9417],
  ['localhost:0', 'localhost', 0],
  [':9417', '::', 9417],
  ['[::1]:9417', '::1', 9417],
  ['[::]:65535', '::', 65_535],
  ['my-host.example:80', 'my-host.example', 80],
  [{ host: '::1', port: 80 }, '::1', 80],
];

for (const [raw, host, port] of good) {
  test(`address ${JSON.stringify(raw)}`, () => {
    assert.deepEqual(address().parse(raw), { host, port });
  });
}

const expected = 'expected host:port, [IPv6]:port or :port';
const bad: readonly (readonly [unknown, string])[] = [
  ['9417', `${expected}; did you mean 127.0.0.1:9417?`],
  [9417, `${expected}; did you mean 127.0.0.1:9417?`],
  ['localhost', expected],
  ['::1:9417', expected],
  ['http://localhost:9417', expected],
  ['localhost:http', expected],
  ['localhost:-1', expected],
  ['', expected],
  [{ host: 'a' }, expected],
  ['localhost:65536', 'expected a port from 0 to 65535'],
];

for (const [raw, message] of bad) {
  test(`address ${JSON.stringify(raw)} is refused`, () => {
    assert.equal(refusals(address(), raw), message);
  });
}

test('the host alone may be IPv6 with brackets or without', () => {
  assert.deepEqual(hostPart().parse('[::1]'), { host: '::1' });
  assert.deepEqual(hostPart().parse('::1'), { host: '::1' });
  assert.match(refusals(hostPart(), 'http://a'), /host name/);
});

test('the port alone must be one', () => {
  assert.deepEqual(portPart().parse('9464'), { port: 9464 });
  assert.match(refusals(portPart(), '99999'), /from 0 to 65535/);
  assert.match(refusals(portPart(), 'http'), /from 0 to 65535/);
});
