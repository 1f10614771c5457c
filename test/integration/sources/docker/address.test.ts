import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseEngineAddress, shownUrl } from '../../../../src/sources/docker/address.ts';
import { tlsOptions } from '../../../../src/sources/docker/connections.ts';
import { engineEndpoints } from '../../../../src/sources/docker/discovery.ts';
import type { EndpointSettings, DiscoveryContext } from '../../../../src/sources/docker/discovery.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidegauge-pem-'));
const file = (name: string): string => join(folder, name);

before(() => {
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=x',
  ];
  const run = (keyout: string, out: string) =>
    execFileSync('openssl', [...request, '-keyout', file(keyout), '-out', file(out)], { stdio: 'ignore' });
  run('key.pem', 'cert.pem');
  run('other.pem', 'ca.pem');
  writeFileSync(file('text.pem'), 'this is no certificate');
});
after(() => rmSync(folder, { recursive: true }));

const at: DiscoveryContext = {
  environment: {},
  home: '/no/home',
  userId: 0,
  platform: 'linux',
  exists: () => false,
  readText: (path) => readFileSync(path, 'utf8'),
};
const unset: EndpointSettings = {
  urls: undefined,
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  verify: undefined,
};
const endpoints = (settings: Partial<EndpointSettings>, environment: Record<string, string> = {}) =>
  engineEndpoints({ ...unset, ...settings }, { ...at, environment });

test('URLs taken apart', () => {
  const parse = (url: string, tls?: { verify: boolean }) => parseEngineAddress({ url, ...(tls && { tls }) });
  const address = (scheme: string, host: string, port: number, pathPrefix = '') => ({
    scheme,
    host,
    port,
    pathPrefix,
  });
  assert.deepEqual(parse('unix:///a b/docker.sock'), {
    scheme: 'unix',
    socketPath: '/a b/docker.sock',
    pathPrefix: '',
  });
  assert.equal(parse('npipe:////./pipe/docker_engine').socketPath, '//./pipe/docker_engine');
  assert.deepEqual(parse('tcp://host:99'), address('http', 'host', 99));
  assert.deepEqual(parse('tcp://host'), address('http', 'host', 2375));
  assert.deepEqual(parse('tcp://host', { verify: true }), address('https', 'host', 2376));
  assert.deepEqual(parse('http://host:80/docker/'), address('http', 'host', 80, '/docker'));
  assert.deepEqual(parse('https://host:443'), address('https', 'host', 443));
  assert.deepEqual(parse('https://host/a:7'), address('https', 'host', 2376, '/a:7'));
  assert.deepEqual(parse('tcp://[::1]:7'), address('http', '::1', 7));
  assert.deepEqual(parse('tcp://[::1]'), address('http', '::1', 2375));
  assert.deepEqual(parse('ssh://me%20too@host'), { ...address('ssh', 'host', 22), user: 'me too' });
  assert.deepEqual(parse('ssh://me:secret@host:23'), { ...address('ssh', 'host', 23), user: 'me' });
});

test('what is no URL of an engine is named, without its password', () => {
  const odd = [
    '',
    'host',
    'host:1',
    'ftp://host',
    'unix://',
    'npipe://',
    'tcp://',
    'tcp://host:99999',
    'tcp://a b',
    'fd://',
  ];
  for (const url of [...odd, 'ssh://%zz@host', 'UNIX:///x']) {
    assert.throws(
      () => parseEngineAddress({ url }),
      (error: Error) => error.message.startsWith(`${url}: expected `),
      url,
    );
  }
  assert.throws(
    () => parseEngineAddress({ url: 'ftp://me:secret@host' }),
    /^Error: ftp:\/\/me@host: expected/,
  );
});

test('a URL is shown without a password', () => {
  assert.equal(shownUrl('ssh://me:secret@host:22/x'), 'ssh://me@host:22/x');
  assert.equal(shownUrl('tcp://host:2375'), 'tcp://host:2375');
  assert.equal(shownUrl('unix:///run/a:b@c.sock'), 'unix:///run/a:b@c.sock');
});

test('TLS checks the server by default', () => {
  assert.deepEqual(tlsOptions(undefined), { rejectUnauthorized: true });
  assert.deepEqual(tlsOptions({ ca: 'C', verify: false }), { ca: 'C', rejectUnauthorized: false });
});

test('the URLs named are the engines, each once; without any, the surroundings name one', () => {
  const urls = ['unix:///a', 'tcp://b', 'unix:///a'];
  assert.deepEqual(endpoints({ urls }), [{ url: 'unix:///a' }, { url: 'tcp://b' }]);
  assert.deepEqual(endpoints({ urls: [] }, { DOCKER_HOST: 'c:1' }), [{ url: 'tcp://c:1' }]);
  assert.deepEqual(endpoints({}), [{ url: 'unix:///var/run/docker.sock' }]);
  assert.throws(() => endpoints({ urls: ['unix:///a', 'ftp://b'] }), /ftp:\/\/b: expected/);
});

test('named certificates are for every TCP endpoint and no other', () => {
  const urls = ['unix:///a', 'tcp://b', 'https://c', 'ssh://d'];
  const named = { caFile: file('ca.pem'), certFile: file('cert.pem'), keyFile: file('key.pem') };
  const found = endpoints({ urls, ...named, verify: false });
  assert.deepEqual(
    found.map(({ tls }) => tls !== undefined),
    [false, true, true, false],
  );
  assert.match(found[1]?.tls?.key ?? '', /PRIVATE KEY/);
  assert.equal(found[1]?.tls?.verify, false);
});

test('a named URL takes the certificates of the variables', () => {
  const dockerCertPath = folder;
  const [found] = endpoints(
    { urls: ['tcp://b:1'] },
    { DOCKER_CERT_PATH: dockerCertPath, DOCKER_HOST: 'tcp://not-this' },
  );
  assert.equal(found?.url, 'tcp://b:1');
  assert.equal(found.tls?.verify, false);
  const [verified] = endpoints(
    { urls: ['https://b'] },
    { DOCKER_CERT_PATH: dockerCertPath, DOCKER_TLS_VERIFY: '1' },
  );
  assert.equal(verified?.tls?.verify, true);
  assert.throws(
    () => endpoints({ urls: ['tcp://b'] }, { DOCKER_TLS_VERIFY: '1' }),
    /certificate \/no\/home\/\.docker\/ca\.pem/,
  );
  assert.deepEqual(endpoints({ urls: ['https://b'], verify: false }), [
    { url: 'https://b', tls: { verify: false } },
  ]);
});

test('certificates that cannot be read or used are named before the first connection', () => {
  const urls = ['tcp://me:secret@b'];
  const refused = (settings: Partial<EndpointSettings>, expected: RegExp) =>
    assert.throws(() => endpoints({ urls, ...settings }), expected);
  refused({ caFile: file('gone.pem') }, /^Error: certificate .*gone\.pem cannot be read: ENOENT/);
  refused({ certFile: folder }, /^Error: certificate .* cannot be read: EISDIR/);
  refused({ certFile: file('text.pem') }, /^Error: certificates for tcp:\/\/me@b cannot be used: /);
  refused(
    { certFile: file('cert.pem'), keyFile: file('other.pem') },
    /cannot be used: .*key values mismatch/,
  );
});
