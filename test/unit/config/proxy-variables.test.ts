import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseProxy } from '../../../src/config/proxy-variables.ts';

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
});

test('ALL_PROXY stands in for the variable of the scheme, and an empty variable is as if it were not set', () => {
  const chosen = (environment: Readonly<Record<string, string>>): readonly unknown[] => {
    const { variable, proxy: { href } = {} } = chooseProxy(new URL('http://collector.example'), environment);
    return [variable, href];
  };
  assert.deepEqual(chosen({ HTTP_PROXY: ' ' }), [undefined, undefined]);
  assert.deepEqual(chosen({ http_proxy: '', HTTP_PROXY: 'http://a:1' }), ['HTTP_PROXY', 'http://a:1/']);
  assert.deepEqual(chosen({ http_proxy: 'http://b:1', HTTP_PROXY: 'http://a:1' }), [
    'http_proxy',
    'http://b:1/',
  ]);
  assert.deepEqual(chosen({ ALL_PROXY: 'http://c:1', HTTPS_PROXY: 'http://a:1' }), [
    'ALL_PROXY',
    'http://c:1/',
  ]);
  assert.deepEqual(chosen({ all_proxy: 'c', NO_PROXY: 'collector.example' }), [undefined, undefined]);
  assert.deepEqual(chosen({ all_proxy: 'c', no_proxy: '', NO_PROXY: '*' }), [undefined, undefined]);
});

test('NO_PROXY is read as curl and Go read it: names with all below, addresses, ranges, ports', () => {
  const excepted: readonly (readonly [url: string, entry: string])[] = [
    ['http://127.0.0.1:4318', '127.0.0.0/8'],
    ['http://10.1.2.3:4318', 'localhost,10.0.0.0/8'],
    ['http://10.0.0.7:4318', '10.0.0.1-10.0.0.9'],
    ['http://[fd00::5]:4318', 'fd00::/8'],
    ['http://[::1]:4318', '::1'],
    ['http://[::1]:4318', '[::1]'],
    ['http://[::1]:4318', '[::1]:4318'],
    ['http://[fd00::5]:4318', '[fd00::]/8'],
    ['http://127.0.0.1:4318', ' 10.0.0.0/8 , 127.0.0.0/8 '],
    ['http://127.0.0.1:4318', '127.0.0.1:4318'],
    ['http://collector.example:4318', 'collector.example'],
    ['http://collector.example.:4318', 'collector.example'],
    ['http://a.collector.example', 'Collector.Example'],
    ['http://a.collector.example', '.collector.example'],
    ['http://a.collector.example', '*.collector.example'],
    ['https://collector.example', 'a b,collector.example:443'],
    ['http://a.collector.example', 'collector.example.'],
    ['http://collector.example', '.collector.example'],
    ['http://bücher.example', 'bücher.example'],
    ['https://collector.example', '*'],
  ];
  for (const [url, entry] of excepted) assert.ok(!isProxied(url, entry), `${url} ${entry}`);
  const proxied: readonly (readonly [url: string, entry: string])[] = [
    ['http://127.0.0.1:4318', '10.0.0.0/8'],
    ['http://10.0.0.10:4318', '10.0.0.1-10.0.0.9'],
    ['http://10.0.0.10:4318', '10.0.0.0/99'],
    ['http://10.0.0.10:4318', '10.0.0.0/'],
    ['http://10.0.0.10:4318', '::/0'],
    ['http://[fd00::5]:4318', 'fe80::/10'],
    ['http://[::1]:4318', '[::1]:4319'],
    ['http://collector.example', '.'],
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
  assert.deepEqual(of('socks5://me:secret@proxy:1'), {
    variable: 'http_proxy',
    ignored: 'http_proxy is not used: its scheme is socks5://, and only http:// and https:// are possible',
  });
  assert.equal(of('http://').ignored, 'http_proxy is not used: it is no URL');
});
