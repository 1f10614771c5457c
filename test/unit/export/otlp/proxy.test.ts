import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseProxy } from '../../../../src/export/otlp/proxy.ts';

const proxy = 'http://proxy.example:3128';

/** True when a collector is reached by the proxy, with this NO_PROXY. */
function isProxied(url: string, exceptions: string): boolean {
  const environment = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: exceptions };
  return chooseProxy(new URL(url), environment).proxy !== undefined;
}

test('each scheme has its variable, and lower case goes before upper case', () => {
  const environment = { HTTP_PROXY: 'http://a:1', https_proxy: 'http://b:2', HTTPS_PROXY: 'http://c:3' };
  const chosen = ['http://collector.example:4318', 'https://collector.example'].map(
    (url) => chooseProxy(new URL(url), environment).proxy?.href,
  );
  assert.deepEqual(chosen, ['http://a:1/', 'http://b:2/']);
  assert.deepEqual(chooseProxy(new URL('http://collector.example'), { HTTP_PROXY: ' ' }), {});
});

test('NO_PROXY is read as curl and Go read it: names with all below, addresses, ranges, ports', () => {
  const excepted: readonly (readonly [url: string, entry: string])[] = [
    ['http://127.0.0.1:4318', '127.0.0.0/8'],
    ['http://10.1.2.3:4318', 'localhost,10.0.0.0/8'],
    ['http://10.0.0.7:4318', '10.0.0.1-10.0.0.9'],
    ['http://[fd00::5]:4318', 'fd00::/8'],
    ['http://[::1]:4318', '::1'],
    ['http://127.0.0.1:4318', '127.0.0.1:4318'],
    ['http://collector.example:4318', 'collector.example'],
    ['http://collector.example.:4318', 'collector.example'],
    ['http://a.collector.example', 'Collector.Example'],
    ['http://a.collector.example', '.collector.example'],
    ['http://a.collector.example', '*.collector.example'],
    ['https://collector.example', 'a b,collector.example:443'],
    ['https://collector.example', '*'],
  ];
  for (const [url, entry] of excepted) assert.ok(!isProxied(url, entry), `${url} ${entry}`);
  const proxied: readonly (readonly [url: string, entry: string])[] = [
    ['http://127.0.0.1:4318', '10.0.0.0/8'],
    ['http://10.0.0.10:4318', '10.0.0.1-10.0.0.9'],
    ['http://10.0.0.10:4318', '10.0.0.0/99'],
    ['http://10.0.0.10:4318', '::/0'],
    ['http://127.0.0.1:4318', '127.0.0.1:4319'],
    ['http://notcollector.example', 'collector.example'],
    ['http://collector.example', ''],
  ];
  for (const [url, entry] of proxied) assert.ok(isProxied(url, entry), `${url} ${entry}`);
});

test('a proxy without a scheme is one of HTTP; another scheme, or what is no URL, is said not to be used', () => {
  const of = (text: string) => chooseProxy(new URL('http://collector.example'), { http_proxy: text });
  assert.equal(of('127.0.0.1:3128').proxy?.href, 'http://127.0.0.1:3128/');
  assert.equal(of('proxy').proxy?.href, 'http://proxy/');
  assert.equal(of('https://u:p@proxy:1').proxy?.href, 'https://u:p@proxy:1/');
  assert.deepEqual(of('socks5://proxy:1'), {
    ignored: 'HTTP_PROXY is not used: socks5:// is no proxy of HTTP',
  });
  assert.deepEqual(of('http://'), { ignored: 'HTTP_PROXY is not used: it is no URL' });
});
