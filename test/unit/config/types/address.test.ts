import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, hostPart, portPart, metricsPath, urlPath } from '../../../../src/config/types/address.ts';
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

test('a path of the server is taken without its last slash', () => {
  for (const [written, path] of [
    ['/metrics', '/metrics'],
    ['/a/b.c/', '/a/b.c'],
    [' /x_y~z-1 ', '/x_y~z-1'],
  ] as const) {
    assert.equal(urlPath().parse(written), path);
    assert.equal(urlPath().parse(path), path, 'its own value again');
  }
});

for (const written of ['metrics', '/', '//', '/a//b', '/a b', '/a?b', '/:a', '/*', '/a#b', '', 5]) {
  test(`${JSON.stringify(written)} is no path of the server`, () => {
    const [issue] = urlPath().safeParse(written).error?.issues ?? [];
    assert.match(issue?.message ?? '', /^expected a path such as \/metrics/);
  });
}

test('the metrics are not served where something else is', () => {
  for (const path of ['/healthz', '/readyz', '/api/v1', '/api/v1/containers'])
    assert.match(metricsPath().safeParse(path).error?.issues[0]?.message ?? '', /something else/);
  for (const path of ['/metrics', '/metrics/cadvisor', '/api', '/healthz/metrics'])
    assert.equal(metricsPath().parse(path), path);
});
