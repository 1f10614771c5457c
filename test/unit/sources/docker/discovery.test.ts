import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import {
  discoverEndpoint,
  hostContext,
  type DiscoveryContext,
} from '../../../../src/sources/docker/discovery.ts';

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A home directory with these files. */
function homeWith(files: Readonly<Record<string, string>>): string {
  const home = mkdtempSync(join(tmpdir(), 'tidegauge-home-'));
  folders.push(home);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  return home;
}

/** DiscoveryContext in which nothing exists but the home's files and these sockets. */
function environmentOf(parts: {
  readonly environment?: Record<string, string>;
  readonly home?: string;
  readonly sockets?: readonly string[];
  readonly userId?: number;
  readonly platform?: NodeJS.Platform;
}): DiscoveryContext {
  const { environment = {}, home = '/no/home', sockets = [], userId = 1000, platform = 'linux' } = parts;
  const exists = (path: string): boolean =>
    sockets.includes(path) || (path.startsWith(home) && existsSync(path));
  return { environment, home, userId, platform, exists, readText: (path) => readFileSync(path, 'utf8') };
}

/** The layout of `docker context create`. */
function context(name: string, docker: object, certificates: Readonly<Record<string, string>> = {}) {
  const digest = createHash('sha256').update(name).digest('hex');
  const meta = { Name: name, Metadata: { Description: 'x' }, Endpoints: { docker } };
  const tls = Object.entries(certificates).map(([file, text]): [string, string] => [
    `.docker/contexts/tls/${digest}/docker/${file}`,
    text,
  ]);
  return {
    '.docker/config.json': JSON.stringify({ auths: {}, currentContext: name }),
    [`.docker/contexts/meta/${digest}/meta.json`]: JSON.stringify(meta),
    ...Object.fromEntries(tls),
  };
}

const pem = { 'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY' };

test('DOCKER_HOST comes first, bare host:port as tcp', () => {
  const sockets = ['/var/run/docker.sock'];
  const find = (DOCKER_HOST: string, more = {}) =>
    discoverEndpoint(environmentOf({ environment: { DOCKER_HOST, ...more }, sockets }));
  for (const url of [
    'unix:///x.sock',
    'tcp://host:2375',
    'ssh://me@host',
    'npipe:////./pipe/x',
    'http://h:1',
  ])
    assert.deepEqual(find(url), { url });
  assert.deepEqual(find('host:2375'), { url: 'tcp://host:2375' });
  assert.deepEqual(find('unix:///x', { DOCKER_TLS_VERIFY: '1' }), { url: 'unix:///x' });
  assert.deepEqual(find(''), { url: 'unix:///var/run/docker.sock' });
});

test('DOCKER_TLS_VERIFY and DOCKER_CERT_PATH bring certificates; each alone is enough', () => {
  const home = homeWith({
    ...Object.fromEntries(Object.entries(pem).map(([file, text]) => [`.docker/${file}`, text])),
    ...Object.fromEntries(Object.entries(pem).map(([file, text]) => [`certs/${file}`, `other ${text}`])),
  });
  const find = (more: Record<string, string>) =>
    discoverEndpoint(environmentOf({ home, environment: { DOCKER_HOST: 'tcp://host:2376', ...more } })).tls;
  const atHome = { ca: 'CA', cert: 'CERT', key: 'KEY' };
  const elsewhere = { ca: 'other CA', cert: 'other CERT', key: 'other KEY' };
  const dockerCertPath = join(home, 'certs');
  assert.deepEqual(find({ DOCKER_TLS_VERIFY: '1' }), { ...atHome, verify: true });
  assert.deepEqual(find({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '' }), { ...atHome, verify: true });
  assert.deepEqual(find({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: dockerCertPath }), {
    ...elsewhere,
    verify: true,
  });
  assert.deepEqual(find({ DOCKER_CERT_PATH: dockerCertPath }), { ...elsewhere, verify: false });
  assert.equal(find({}), undefined);
});

test('a certificate that cannot be read is named', () => {
  const home = homeWith({ 'certs/ca.pem': 'CA' });
  const dockerCertPath = join(home, 'certs');
  const environment = { DOCKER_HOST: 'tcp://host:2376', DOCKER_CERT_PATH: dockerCertPath };
  assert.throws(
    () => discoverEndpoint(environmentOf({ environment })),
    new RegExp(`^Error: certificate ${join(dockerCertPath, 'cert.pem')} cannot be read: ENOENT`),
  );
});

test('the current Docker context', () => {
  const home = homeWith(context('remote', { Host: 'tcp://far:2375', SkipTLSVerify: false }));
  assert.deepEqual(discoverEndpoint(environmentOf({ home })), { url: 'tcp://far:2375' });
  const host = { DOCKER_HOST: 'unix:///x' };
  assert.deepEqual(discoverEndpoint(environmentOf({ home, environment: host })), { url: 'unix:///x' });
  const other = { DOCKER_CONFIG: homeWith({ 'config.json': '{"currentContext":"default"}' }) };
  assert.equal(
    discoverEndpoint(environmentOf({ home, environment: other })).url,
    'unix:///var/run/docker.sock',
  );
  for (const empty of [{ DOCKER_CONTEXT: '' }, { DOCKER_CONFIG: '' }])
    assert.equal(discoverEndpoint(environmentOf({ home, environment: empty })).url, 'tcp://far:2375');
});

test('DOCKER_CONTEXT chooses another; default is none', () => {
  const { '.docker/config.json': _, ...unused } = context('other', { Host: 'ssh://me@other' });
  const home = homeWith({ ...context('remote', { Host: 'tcp://far:2375' }), ...unused });
  const find = (DOCKER_CONTEXT: string) =>
    discoverEndpoint(environmentOf({ home, environment: { DOCKER_CONTEXT } })).url;
  assert.equal(find('other'), 'ssh://me@other');
  assert.equal(find('default'), 'unix:///var/run/docker.sock');
});

test('a context’s certificates: all, the authority alone, or not verified', () => {
  const find = (docker: object, files?: Record<string, string>) =>
    discoverEndpoint(environmentOf({ home: homeWith(context('remote', docker, files)) })).tls;
  const Host = 'tcp://far:2376';
  assert.deepEqual(find({ Host }, pem), { ca: 'CA', cert: 'CERT', key: 'KEY', verify: true });
  assert.deepEqual(find({ Host }, { 'ca.pem': 'CA' }), { ca: 'CA', verify: true });
  assert.deepEqual(find({ Host, SkipTLSVerify: true }), { verify: false });
  assert.equal(find({ Host }), undefined);
});

test('a context that is not there, or not readable, is named', () => {
  const nowhere = homeWith({ '.docker/config.json': '{"currentContext":"gone"}' });
  assert.throws(
    () => discoverEndpoint(environmentOf({ home: nowhere })),
    /Docker context "gone": no endpoint in /,
  );
  const broken = homeWith({ '.docker/config.json': '{' });
  const warnings: string[] = [];
  const warned = (at: DiscoveryContext) =>
    discoverEndpoint({ ...at, warn: (message) => warnings.push(message) }).url;
  assert.equal(warned(environmentOf({ home: broken })), 'unix:///var/run/docker.sock');
  assert.match(warnings.pop() ?? '', /config\.json is not readable JSON; a Docker context/);
  const closed = environmentOf({ home: broken });
  const denied = Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES' });
  const readText = (): never => {
    throw denied;
  };
  assert.equal(warned({ ...closed, readText }), 'unix:///var/run/docker.sock');
  assert.match(warnings.pop() ?? '', /config\.json cannot be read: EACCES: permission denied/);
  assert.throws(
    () => warned({ ...closed, readText, environment: { DOCKER_CONTEXT: 'far' } }),
    /meta\.json cannot be read: EACCES: permission denied/,
  );
  assert.deepEqual(warnings, []);
  for (const odd of ['[]', '7', '{"currentContext":7}', '{}'])
    assert.equal(
      discoverEndpoint(environmentOf({ home: homeWith({ '.docker/config.json': odd }) })).url,
      'unix:///var/run/docker.sock',
    );
});

test('sockets: rootless Docker, Docker Desktop, rootless Podman, then the system’s', () => {
  const home = '/home/me';
  const order = [
    '/run/user/1000/docker.sock',
    '/home/me/.docker/run/docker.sock',
    '/run/user/1000/podman/podman.sock',
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/run/podman/podman.sock',
  ];
  for (const [index, path] of order.entries()) {
    const found = discoverEndpoint(environmentOf({ home, sockets: order.slice(index) }));
    assert.deepEqual(found, { url: `unix://${path}` });
  }
  const environment = { XDG_RUNTIME_DIR: '/tmp/run' };
  const sockets = ['/tmp/run/podman/podman.sock', '/run/user/1000/docker.sock'];
  assert.equal(
    discoverEndpoint(environmentOf({ environment, sockets })).url,
    'unix:///tmp/run/podman/podman.sock',
  );
});

test('without any, the usual one of the platform', () => {
  assert.deepEqual(discoverEndpoint(environmentOf({})), { url: 'unix:///var/run/docker.sock' });
  const windows = discoverEndpoint(environmentOf({ platform: 'win32' }));
  assert.deepEqual(windows, { url: 'npipe:////./pipe/docker_engine' });
});

test('the real surroundings read files and know what exists', () => {
  const home = homeWith({ 'a.txt': 'text' });
  const real = hostContext({ HOME: home });
  assert.equal(real.readText(join(home, 'a.txt')), 'text');
  assert.deepEqual([real.exists(home), real.exists(join(home, 'b'))], [true, false]);
  assert.equal(real.platform, process.platform);
});
