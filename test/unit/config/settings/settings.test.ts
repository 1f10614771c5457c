import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadConfig } from '../../../../src/config/load-config.ts';
import { isSwitch } from '../../../../src/config/settings/setting.ts';
import { flaggedSettings, isConfig, namedSettings } from '../../../../src/config/settings/settings.ts';
import { samples } from '../samples.ts';

const bare = loadConfig({ flags: {}, environment: {}, readFile: () => '' });

test('without anything given the documented defaults hold, frozen, without a warning', () => {
  const { config, warnings } = bare;
  assert.deepEqual(warnings, []);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.exporter) && Object.isFrozen(config.listen));
  const {
    intervalMillis,
    minProbeIntervalMillis,
    inlineTimeoutMillis,
    probeTimeoutMillis,
    callTimeoutMillis,
  } = config;
  assert.deepEqual(
    { intervalMillis, minProbeIntervalMillis, inlineTimeoutMillis, probeTimeoutMillis, callTimeoutMillis },
    {
      intervalMillis: 10_000,
      minProbeIntervalMillis: 5_000,
      inlineTimeoutMillis: 20_000,
      probeTimeoutMillis: 120_000,
      callTimeoutMillis: 30_000,
    },
  );
  assert.deepEqual(config.exporter, ['otlp', 'prometheus']);
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 9417 });
  assert.deepEqual(config.profile, ['semconv']);
  assert.equal(config.otlpEndpoint.href, 'http://localhost:4318/v1/metrics');
  assert.equal(config.otlpProtocol, 'http/protobuf');
  assert.equal(config.dockerUrl, undefined);
  assert.equal(config.serviceName, 'tidegauge');
});

test('every name is one only', () => {
  for (const names of [
    namedSettings.map(({ flag }) => flag),
    namedSettings.map(({ fileKey }) => fileKey),
    namedSettings.flatMap(({ variables }) => variables),
  ]) {
    assert.deepEqual(names, [...new Set(names)]);
  }
});

test('names follow from the key, variables of the specification excepted', () => {
  const names = new Map(namedSettings.map((setting) => [setting.key, setting]));
  const { flag, fileKey, variables } = names.get('dockerTlsCa') ?? {};
  assert.deepEqual(
    { flag, fileKey, variables },
    { flag: 'docker-tls-ca', fileKey: 'docker_tls_ca', variables: ['TIDEGAUGE_DOCKER_TLS_CA'] },
  );
  assert.deepEqual(names.get('intervalMillis')?.variables, ['OTEL_METRIC_EXPORT_INTERVAL']);
});

test('a limit names an earlier setting, so that chains of limits hold', () => {
  const keys = namedSettings.map(({ key }) => key);
  for (const { key, maxKey } of namedSettings) {
    if (maxKey !== undefined) assert.ok(keys.includes(maxKey), `${key} is limited by the unknown ${maxKey}`);
  }
  assert.ok(keys.indexOf('exportTimeoutMillis') < keys.indexOf('otlpTimeoutMillis'));
});

for (const setting of flaggedSettings) {
  test(`${setting.key}: default, example and samples pass, and values stay what they are`, () => {
    const { type, example } = setting;
    const texts = [example, ...(Object.entries(samples).find(([key]) => key === setting.key)?.[1] ?? [])];
    assert.equal(texts.length, 4);
    for (const text of typeof setting.default === 'string' ? [setting.default, ...texts] : texts) {
      const value = type.parse(text);
      assert.deepStrictEqual(type.parse(value), value);
    }
    assert.equal(isSwitch(setting), typeof type.parse(example) === 'boolean');
    assert.ok(setting.default !== undefined || type.safeParse(undefined).success);
    assert.ok(
      typeof setting.default === 'string' || setting.defaultText !== undefined,
      'the documents need words',
    );
    assert.doesNotMatch(setting.help, /\.$/);
  });
}

test('a configuration with one wrong value is none', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...namedSettings),
      fc.constantFrom(Symbol('x'), {}, () => 1, null),
      ({ key }, wrong) => {
        fc.pre(
          !['otlpHeaders', 'resourceAttributes', 'dockerStats'].includes(key) || typeof wrong !== 'object',
        );
        assert.equal(isConfig({ ...bare.config, [key]: wrong }), false);
      },
    ),
  );
  assert.equal(isConfig({ ...bare.config }), true);
});
