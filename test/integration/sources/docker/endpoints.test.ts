import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { EngineTls } from '../../../../src/sources/docker/address.ts';
import {
  hostContext,
  engineEndpoints,
  type EndpointSettings,
} from '../../../../src/sources/docker/discovery.ts';
import { selfSigned } from '../../../support/fakes/self-signed.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidegauge-endpoints-'));
const [around, flagged] = [selfSigned(), selfSigned()];
after(() => {
  rmSync(folder, { recursive: true });
  for (const each of [around, flagged]) each[Symbol.dispose]();
});

/** Files below the folder; the path of the first one's directory. */
function write(files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return dirname(join(folder, Object.keys(files)[0] ?? ''));
}

const dockerCertPath = write({
  'all/ca.pem': around.cert,
  'all/cert.pem': around.cert,
  'all/key.pem': around.key,
});
const caAlone = write({ 'alone/ca.pem': around.cert });
const nothing: EndpointSettings = {
  urls: ['tcp://host:2376'],
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  verify: undefined,
};
const client = { certFile: flagged.certFile, keyFile: flagged.keyFile };
const allAround = { ca: 'around', cert: 'around', key: 'around' };

/** The certificates of an endpoint, and its verification. */
function tlsOf(settings: Partial<EndpointSettings>, environment: Record<string, string> = {}) {
  const at = { ...hostContext(environment), home: join(folder, 'home') };
  const [endpoint] = engineEndpoints({ ...nothing, ...settings }, at);
  return endpoint?.tls && originsOf(endpoint.tls);
}

function originsOf({ verify, ...texts }: EngineTls): object {
  const origin = (text: string): string => ([around.cert, around.key].includes(text) ? 'around' : 'flag');
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, origin(text)])),
    verify,
  };
}

test('files are merged one by one: a flag before the variables', () => {
  const environment = { DOCKER_CERT_PATH: dockerCertPath, DOCKER_TLS_VERIFY: '1' };
  assert.deepEqual(tlsOf({}, environment), { ...allAround, verify: true });
  assert.deepEqual(tlsOf({ caFile: flagged.certFile }, environment), {
    ...allAround,
    ca: 'flag',
    verify: true,
  });
  assert.deepEqual(tlsOf(client, environment), { ca: 'around', cert: 'flag', key: 'flag', verify: true });
  const all = { caFile: flagged.certFile, ...client };
  assert.deepEqual(tlsOf(all, environment), { ca: 'flag', cert: 'flag', key: 'flag', verify: true });
});

test('flags alone are TLS, too, and what the variables lack beside them is no mistake', () => {
  const ca = { caFile: flagged.certFile };
  assert.deepEqual(tlsOf(ca), { ca: 'flag', verify: true });
  assert.deepEqual(tlsOf(client), { cert: 'flag', key: 'flag', verify: true });
  assert.deepEqual(tlsOf(ca, { DOCKER_TLS_VERIFY: '1' }), { ca: 'flag', verify: true });
  assert.deepEqual(tlsOf(client, { DOCKER_CERT_PATH: caAlone }), {
    ca: 'around',
    cert: 'flag',
    key: 'flag',
    verify: true,
  });
  assert.throws(() => tlsOf({}, { DOCKER_CERT_PATH: caAlone }), /certificate .*cert\.pem cannot be read/);
  assert.throws(() => tlsOf({ caFile: '/nowhere.pem' }), /certificate \/nowhere\.pem cannot be read/);
});

test('the flag decides on verifying; without it the variables do', () => {
  for (const [environment, byDefault] of [
    [{ DOCKER_CERT_PATH: dockerCertPath, DOCKER_TLS_VERIFY: '1' }, true],
    [{ DOCKER_CERT_PATH: dockerCertPath }, false],
  ] as const) {
    assert.deepEqual(tlsOf({}, environment), { ...allAround, verify: byDefault });
    for (const verify of [true, false])
      assert.deepEqual(tlsOf({ verify }, environment), { ...allAround, verify });
    assert.deepEqual(tlsOf({ caFile: flagged.certFile }, environment), {
      ...allAround,
      ca: 'flag',
      verify: true,
    });
  }
  assert.deepEqual(tlsOf({ urls: ['https://host'], verify: false }), { verify: false });
  assert.equal(tlsOf({ urls: ['https://host'] }), undefined);
  assert.equal(tlsOf({ verify: false }), undefined);
  assert.equal(tlsOf({ urls: ['unix:///x'], caFile: flagged.certFile }), undefined);
});

test('so it is with the certificates of a context', () => {
  const digest = createHash('sha256').update('far').digest('hex');
  const endpoints = (skips: boolean) => ({ docker: { Host: 'tcp://far:2376', SkipTLSVerify: skips } });
  const inContext = (skips: boolean, settings: Partial<EndpointSettings>, more = {}) => {
    write({
      [`home/.docker/contexts/meta/${digest}/meta.json`]: JSON.stringify({ Endpoints: endpoints(skips) }),
      [`home/.docker/contexts/tls/${digest}/docker/ca.pem`]: around.cert,
    });
    return tlsOf({ urls: undefined, ...settings }, { DOCKER_CONTEXT: 'far', ...more });
  };
  assert.deepEqual(inContext(false, {}), { ca: 'around', verify: true });
  assert.deepEqual(inContext(false, { verify: false }), { ca: 'around', verify: false });
  assert.deepEqual(inContext(true, {}), { ca: 'around', verify: false });
  assert.deepEqual(inContext(true, { verify: true }), { ca: 'around', verify: true });
  const ca = { caFile: flagged.certFile };
  assert.deepEqual(inContext(false, ca), { ca: 'flag', verify: true });
  assert.deepEqual(inContext(false, ca, { DOCKER_CERT_PATH: dockerCertPath }), {
    ...allAround,
    ca: 'flag',
    verify: true,
  });
  assert.deepEqual(inContext(true, client), { ca: 'around', cert: 'flag', key: 'flag', verify: true });
});
