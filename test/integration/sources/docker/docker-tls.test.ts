import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import type { EngineTls } from '../../../../src/sources/docker/address.ts';
import { hostContext, engineEndpoints } from '../../../../src/sources/docker/discovery.ts';
import { measuresOnce, never, sourceFor } from './measure.ts';
import { sampleOf } from '../../../support/fakes/sample-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidegauge-tls-'));
const file = (name: string): string => join(folder, name);
const pem = (name: string): string => readFileSync(file(name), 'utf8');
const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' });

/** An authority, and certificates by it for a server on 127.0.0.1 and for a client, as Docker's guide makes them. */
function makeCertificates(): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['ca', 'other-ca'])
    openssl(
      'req',
      '-x509',
      ...key,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      file(`${name}-key.pem`),
      '-out',
      file(`${name}.pem`),
    );
  const sign = (name: string, authority: string, extensions: string) => {
    writeFileSync(file(`${name}.cnf`), extensions);
    openssl(
      'req',
      ...key,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      file(`${name}-key.pem`),
      '-out',
      file(`${name}.csr`),
    );
    const by = ['-CA', file(`${authority}.pem`), '-CAkey', file(`${authority}-key.pem`), '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      file(`${name}.csr`),
      ...by,
      '-extfile',
      file(`${name}.cnf`),
      '-out',
      file(`${name}.pem`),
    );
  };
  sign('server', 'ca', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  sign('cert', 'ca', 'extendedKeyUsage=clientAuth\n');
  sign('stranger', 'other-ca', 'extendedKeyUsage=clientAuth\n');
  writeFileSync(file('key.pem'), pem('cert-key.pem'));
}

before(makeCertificates);
after(() => rmSync(folder, { recursive: true }));

/** dockerd --tlsverify before a simulated engine: only clients with a certificate of the authority get in. */
async function secured(socketPath: string): Promise<{ server: Server; port: number } & AsyncDisposable> {
  const options = {
    key: pem('server-key.pem'),
    cert: pem('server.pem'),
    ca: pem('ca.pem'),
    requestCert: true,
  };
  const server = createServer(options, ({ url }, response) => {
    const asked = request({ socketPath, path: url, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.end();
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: Pick<AddressInfo, 'port'> = Object(server.address());
  return {
    server,
    port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const client = (): EngineTls => ({
  ca: pem('ca.pem'),
  cert: pem('cert.pem'),
  key: pem('key.pem'),
  verify: true,
});

test('with a client certificate, by address and by name, and no warning of Node', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): number => warnings.push(warning.message);
  process.on('warning', onWarning);
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using proxy = await secured(engine.socket);
  for (const url of [`tcp://127.0.0.1:${proxy.port}`, `https://localhost:${proxy.port}`]) {
    using source = sourceFor({ url, tls: client() });
    await source.describe(never);
    assert.ok(await measuresOnce(source), url);
  }
  process.off('warning', onWarning);
  assert.deepEqual(warnings, []);
});

test('by DOCKER_HOST and DOCKER_CERT_PATH, as the Docker CLI is set up', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using proxy = await secured(engine.socket);
  const environment = {
    DOCKER_HOST: `tcp://localhost:${proxy.port}`,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: folder,
  };
  const settings = {
    urls: undefined,
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    verify: true,
  };
  const [endpoint] = engineEndpoints(settings, hostContext(environment));
  assert.ok(endpoint);
  using source = sourceFor(endpoint);
  assert.ok(await measuresOnce(source));
});

test('a server whose certificate is not trusted is refused, for control and stats calls alike', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using proxy = await secured(engine.socket);
  const url = `https://localhost:${proxy.port}`;
  const { ca: _, ...withoutAuthority } = client();
  const cases: readonly [EngineTls, RegExp][] = [
    [withoutAuthority, /self-signed certificate in certificate chain|unable to/],
    [{ ...client(), ca: pem('other-ca.pem') }, /self-signed certificate in certificate chain|unable to/],
  ];
  for (const [tls, message] of cases) {
    using source = sourceFor({ url, tls });
    await assert.rejects(source.list(never), { name: 'SourceError', code: 'unreachable', message });
    await assert.rejects(sampleOf(source, 'web', never), {
      name: 'SourceError',
      code: 'unreachable',
      message,
    });
  }
  using careless = sourceFor({ url, tls: { ...withoutAuthority, verify: false } });
  assert.ok(await measuresOnce(careless));
});

test('a client that the server does not know is refused', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using proxy = await secured(engine.socket);
  const url = `https://localhost:${proxy.port}`;
  const strangers: readonly EngineTls[] = [
    { ca: pem('ca.pem'), verify: true },
    { ca: pem('ca.pem'), cert: pem('stranger.pem'), key: pem('stranger-key.pem'), verify: true },
  ];
  for (const tls of strangers) {
    using source = sourceFor({ url, tls });
    await assert.rejects(source.list(never), { name: 'SourceError', code: 'unreachable' });
    await assert.rejects(sampleOf(source, 'web', never), { name: 'SourceError', code: 'unreachable' });
  }
});

test('TLS to a server without, and without TLS to a server with', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }], port: 0 });
  const plain = engine.tcpUrl?.replace('tcp:', 'https:') ?? '';
  using secure = sourceFor({ url: plain, tls: client() });
  await assert.rejects(secure.list(never), { name: 'SourceError', code: 'unreachable' });
  await using proxy = await secured(engine.socket);
  using bare = sourceFor(`http://localhost:${proxy.port}`);
  await assert.rejects(bare.list(never), { name: 'SourceError' });
});
