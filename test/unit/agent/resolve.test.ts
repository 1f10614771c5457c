import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../src/agent/resolve.ts';
import { systemClock } from '../../../src/clock.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { KeptLog } from '../../support/fakes/observed-probes.ts';
import { load } from '../../support/fakes/load.ts';

/** Files that were there when the configuration was read, and are not when they are used. */
const certificate = '/vanished/certificate.pem';
const key = '/vanished/key.pem';
const files = {
  [certificate]: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
  [key]: '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n',
};
const dependencies = { clock: systemClock, log: new KeptLog(), environment: {}, version: '0' };

test('mistakes in metrics, runtimes and certificates are reported together', () => {
  const { config } = load({
    files,
    flags: {
      metric: 'container.cpu.tme',
      profile: 'cadvisor',
      'docker-url': ['tcp://a:2375', 'tcp://b:2375'],
      'otlp-client-certificate': certificate,
      'otlp-client-key': key,
    },
  });
  assert.throws(
    () => resolveConfig(config, dependencies),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      const [metric, runtimes, pem, ...others] = error.problems;
      assert.match(metric ?? '', /--metric "container\.cpu\.tme"/);
      assert.match(
        runtimes ?? '',
        /--profile cadvisor: its names leave room for one runtime, but there are 2/,
      );
      assert.match(pem ?? '', /certificate\.pem, \/vanished\/key\.pem: cannot be used/);
      assert.deepEqual(others, []);
      return true;
    },
  );
});

test('a proxy that cannot be used is warned of once, by its variable, where something is pushed', () => {
  const warnings = (flags: Readonly<Record<string, string | boolean>>, environment: NodeJS.ProcessEnv) => {
    const log = new KeptLog();
    const { config } = load({ flags: { 'docker-url': 'unix:///nowhere', ...flags } });
    resolveConfig(config, { ...dependencies, log, environment });
    return log.messages;
  };
  const environment = { HTTP_PROXY: 'socks5://proxy:1080', NO_PROXY: '10.0.0.0/8' };
  const pushed = { exporter: 'otlp', 'event-logs': true };
  assert.deepEqual(warnings({ ...pushed, 'otlp-endpoint': 'http://collector:4318' }, environment), [
    'HTTP_PROXY is not used: its scheme is socks5://, and only http:// and https:// are possible; ' +
      'reached directly instead: collector:4318',
  ]);
  assert.deepEqual(warnings({ ...pushed, 'otlp-endpoint': 'http://10.1.2.3:4318' }, environment), []);
  assert.deepEqual(warnings({ exporter: 'prometheus' }, environment), []);
});

test('runtimes that the docker command would reach by a proxy are named with the variable', () => {
  const log = new KeptLog();
  const urls = [
    'tcp://a:2375',
    'https://b:2376',
    'tcp://[::1]:2375',
    'tcp://10.0.0.1:2375',
    'tcp://127.0.0.1:1',
  ];
  const flags = {
    exporter: 'prometheus',
    'docker-url': [...urls, 'ssh://a', 'unix:///nowhere', 'tcp://c:1'],
  };
  const environment = { HTTP_PROXY: 'proxy:1', https_proxy: 'proxy:1', NO_PROXY: '10.0.0.0/8' };
  resolveConfig(load({ flags }).config, { ...dependencies, log, environment });
  assert.deepEqual(log.messages, [
    'HTTP_PROXY is for exports alone: reached directly, without the proxy: tcp://a:2375, tcp://c:1',
    'https_proxy is for exports alone: reached directly, without the proxy: https://b:2376',
  ]);
});

test('certificates are not read, nor a log endpoint asked for, where nothing is pushed', () => {
  const flags = {
    exporter: 'prometheus',
    'docker-url': 'tcp://a:2375',
    'otlp-client-certificate': certificate,
    'otlp-client-key': key,
  };
  const { exports, containers } = resolveConfig(load({ flags, files }).config, dependencies);
  assert.deepEqual([exports.telemetry.otlp, exports.eventLogs], [undefined, undefined]);
  assert.deepEqual(
    containers.endpoints.map(({ url }) => url),
    ['tcp://a:2375'],
  );
});
