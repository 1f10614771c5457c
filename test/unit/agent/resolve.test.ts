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
