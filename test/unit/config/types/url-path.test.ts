import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsPath, urlPath } from '../../../../src/config/types/url-path.ts';

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
