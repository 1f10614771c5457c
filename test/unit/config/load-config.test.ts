import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../../../src/config/config-error.ts';
import { namedSettings } from '../../../src/config/settings/settings.ts';
import { load, problemsOf, type Given } from '../../support/fakes/load.ts';
import { samples } from './samples.ts';

test('every mistake is reported at once, under the name its user wrote', () => {
  const problems = problemsOf({
    flags: {
      interval: '10',
      exporter: 'otlp,none',
      profile: 'semcov',
      'demo-seed': '',
      verbose: [true, true],
    },
    environment: { TIDEGAUGE_PROBE_TIMEOUT: 'soon', TIDEGAUGE_OTLP_RESOURCE: 'host' },
    file: 'intervall: 3s\notlp-protocol: grpc\ndocker_api_version: 1.40\notlp_certificate: /missing.pem\n',
  });
  assert.deepEqual(problems, [
    't.yaml:1: intervall: unknown setting; did you mean interval?',
    't.yaml:3: docker_api_version 1.4: expected a version such as "1.41", in quotes where the file is YAML',
    '--demo-seed: needs a value',
    '--interval "10": 10 ms is too short, expected at least 100ms; did you mean 10s?',
    'TIDEGAUGE_PROBE_TIMEOUT "soon": expected a duration such as 500ms, 10s, 2m or 1h',
    '--exporter "otlp,none": none excludes every other exporter',
    '--profile "semcov": expected one of semconv, docker_exporter, docker_stats, cadvisor; did you mean semconv?',
    't.yaml:2: otlp-protocol "grpc": expected one of http/protobuf, http/json; ' +
      'gRPC is not supported: send to the HTTP port of the collector, usually 4318',
    't.yaml:4: otlp_certificate "/missing.pem": cannot be read: no such file',
    'TIDEGAUGE_OTLP_RESOURCE "host": expected one of container, flat',
    '--verbose: given 2 times, expected once',
  ]);
});

test('a mistake is reported even where another place overrides it', () => {
  assert.equal(problemsOf({ flags: { 'call-timeout': '1s' }, file: 'call_timeout: soon' }).length, 1);
});

/** Bad values of the specification's variables, and the default they leave. */
const ignored: readonly (readonly [string, string, RegExp])[] = [
  [
    'OTEL_METRIC_EXPORT_INTERVAL',
    'often',
    /"often": expected a duration .*; ignored, used instead: the default \(10s\)$/,
  ],
  [
    'OTEL_METRICS_EXPORTER',
    'zipkin',
    /expected one of otlp, .*; ignored, used instead: the default \(otlp,prometheus\)$/,
  ],
  [
    'OTEL_METRICS_EXPORTER',
    'none,otlp',
    /none excludes every other exporter; ignored, used instead: the default \(otlp,prometheus\)$/,
  ],
  [
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'grpc',
    /gRPC is not supported.*; ignored, used instead: the default \(http\/protobuf\)$/,
  ],
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'localhost:4318',
    /did you mean http:\/\/localhost:4318\?; ignored, used instead: the default \(http:\/\/localhost:4318\)$/,
  ],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '-1', /expected a duration .*; ignored, used instead: the default \(10s\)$/],
  [
    'OTEL_EXPORTER_OTLP_COMPRESSION',
    'zstd',
    /expected one of gzip, none; ignored, used instead: the default \(gzip\)$/,
  ],
  [
    'OTEL_EXPORTER_OTLP_CERTIFICATE',
    '/missing',
    /cannot be read: no such file; ignored, used instead: the default \(Node's certificate authorities\)$/,
  ],
  [
    'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
    'x',
    /expected one of cumulative, delta, lowmemory; ignored, used instead: the default \(cumulative\)$/,
  ],
  [
    'OTEL_EXPORTER_PROMETHEUS_PORT',
    'http',
    /expected a whole number from 0 to 65535; ignored, used instead: the default \(127.0.0.1:9417\)$/,
  ],
  ['OTEL_SDK_DISABLED', '1', /expected true or false; ignored, used instead: the default \(false\)$/],
  [
    'OTEL_RESOURCE_ATTRIBUTES',
    'a=1,b',
    /pair 2 is not of the form key=value; ignored, used instead: the default \(none\)$/,
  ],
  [
    'OTEL_RESOURCE_ATTRIBUTES',
    ' =',
    /pair 1 is not of the form key=value; ignored, used instead: the default \(none\)$/,
  ],
  ['OTEL_LOG_LEVEL', 'loud', /expected one of .*; ignored, used instead: the default \(info\)$/],
];

for (const [name, value, message] of ignored) {
  test(`${name}=${value} is warned of and ignored`, () => {
    const { config, warnings } = load({ environment: { [name]: value } });
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0]?.startsWith(`${name} `));
    assert.match(warnings[0] ?? '', message);
    assert.deepEqual(config, load({}).config);
  });
}

test('a bad variable of the signal leaves the one for all signals', () => {
  const { config, warnings } = load({
    environment: { OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
  });
  assert.equal(config.otlpProtocol, 'http/json');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /; ignored, used instead: OTEL_EXPORTER_OTLP_PROTOCOL$/);
});

test('a part of an address that is ignored leaves the other part and the default', () => {
  const { warnings } = load({
    environment: { OTEL_EXPORTER_PROMETHEUS_HOST: 'a b', OTEL_EXPORTER_PROMETHEUS_PORT: '1' },
  });
  assert.deepEqual(warnings, [
    'OTEL_EXPORTER_PROMETHEUS_HOST "a b": expected a host name or an IP address; ' +
      'ignored, used instead: OTEL_EXPORTER_PROMETHEUS_PORT, the default (127.0.0.1:9417)',
  ]);
});

const quoted: readonly (readonly [Given, string])[] = [
  [
    { environment: { OTEL_METRIC_EXPORT_INTERVAL: "'5000'" } },
    `OTEL_METRIC_EXPORT_INTERVAL "'5000'": the quotes are part of the value; expected a duration such as ` +
      '500ms, 10s, 2m or 1h; ignored, used instead: the default (10s)',
  ],
  [
    { environment: { OTEL_SERVICE_NAME: '"web"' } },
    String.raw`OTEL_SERVICE_NAME "\"web\"": the quotes are part of the value, which is used as it stands`,
  ],
  [
    { environment: { OTEL_EXPORTER_OTLP_HEADERS: "api-key='hunter2'" } },
    'OTEL_EXPORTER_OTLP_HEADERS: the quotes are part of the value, which is used as it stands',
  ],
  [
    { environment: { TIDEGAUGE_INCLUDE: "name='web'" } },
    `TIDEGAUGE_INCLUDE "name='web'": the quotes are part of the value, which is used as it stands`,
  ],
  [
    { environment: { DOCKER_HOST: "'unix:///a'" } },
    `DOCKER_HOST "'unix:///a'": the quotes are part of the value, which is used as it stands`,
  ],
];

for (const [given, warning] of quoted)
  test(`quotes are part of a value: ${warning}`, () => {
    assert.deepEqual(load(given).warnings, [warning]);
  });

test('quotes are named as the reason of an error', () => {
  const environment = { TIDEGAUGE_DOCKER_URL: "'tcp://a:1'", TIDEGAUGE_CONFIG: "'t.yaml'" };
  assert.deepEqual(problemsOf({ environment, flags: { 'call-timeout': "'5s'" } }), [
    `TIDEGAUGE_CONFIG "'t.yaml'": the quotes are part of the value; cannot be read: no such file`,
    `TIDEGAUGE_DOCKER_URL "'tcp://a:1'": the quotes are part of the value; expected unix://PATH, ` +
      'tcp://HOST:PORT, http://, https://, ssh://USER@HOST or npipe://PATH',
    `--call-timeout "'5s'": the quotes are part of the value; expected a duration such as 500ms, 10s, 2m or 1h`,
  ]);
});

for (const { key, flag, variables } of namedSettings.filter(({ isFileOnly }) => !isFileOnly))
  test(`${key}: quotes are named, whether the value is taken or not`, () => {
    const values = Object.entries(samples).find(([each]) => each === key)?.[1] ?? [];
    for (const value of values)
      for (const text of [`'${value}'`, `"${value}"`])
        for (const given of [
          { flags: { [flag]: text } },
          ...variables.map((name) => ({ environment: { [name]: text } })),
        ])
          assert.match(messagesOf(given).join('\n'), /: the quotes are part of the value[,;]/, text);
  });

/** The warnings of a configuration that loads, or the problems of one that does not. */
function messagesOf(given: Given): readonly string[] {
  try {
    return load(given).warnings;
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
}

test('a message names a value once, and of a list the part that is wrong', () => {
  const shown = (flags: Readonly<Record<string, unknown>>): string => problemsOf({ flags })[0] ?? '';
  const urls = 'expected unix://PATH, tcp://HOST:PORT, http://, https://, ssh://USER@HOST or npipe://PATH';
  assert.equal(shown({ 'docker-url': 'foo' }), `--docker-url "foo": ${urls}`);
  assert.equal(shown({ 'docker-url': 'unix:///a,foo' }), `--docker-url "unix:///a,foo": "foo": ${urls}`);
  assert.equal(
    shown({ exporter: ['otlp', 'Zip'] }),
    '--exporter ["otlp","Zip"]: "zip": expected one of otlp, prometheus, console, none',
  );
  for (const { flag } of namedSettings.filter(({ isFileOnly }) => !isFileOnly))
    for (const problem of messagesOf({ flags: { [flag]: 'wr\u00f6ng' } }))
      assert.ok(problem.split('wr\u00f6ng').length <= 2, problem);
});

test('the variable of the signal is a whole URL, the one for all signals a base', () => {
  const generic = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318/p' };
  assert.equal(load({ environment: generic }).config.otlpEndpoint.href, 'http://a:4318/p/v1/metrics');
  const own = { ...generic, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://b:4318' };
  assert.equal(load({ environment: own }).config.otlpEndpoint.href, 'http://b:4318/');
});

test('headers of both variables are joined, those of the signal winning', () => {
  const environment = { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2', OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'b=3%20' };
  assert.deepEqual({ ...load({ environment }).config.otlpHeaders }, { a: '1', b: '3 ' });
});

test('host and port of Prometheus complete each other and the default', () => {
  const host = { OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0' };
  const port = { OTEL_EXPORTER_PROMETHEUS_PORT: '9464' };
  assert.deepEqual(load({ environment: host }).config.listen, { host: '0.0.0.0', port: 9417 });
  assert.deepEqual(load({ environment: port }).config.listen, { host: '127.0.0.1', port: 9464 });
  assert.deepEqual(load({ environment: { ...host, ...port } }).config.listen, {
    host: '0.0.0.0',
    port: 9464,
  });
});

test('service.name among the attributes names the service unless OTEL_SERVICE_NAME does', () => {
  const environment = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a%20b' };
  assert.equal(load({ environment }).config.serviceName, 'a b');
  assert.equal(load({ environment: { ...environment, OTEL_SERVICE_NAME: 'c' } }).config.serviceName, 'c');
});

for (const [interval, minimum] of [
  ['100ms', 1_000],
  ['1s', 1_000],
  ['3s', 1_500],
  ['10s', 5_000],
  ['1m', 30_000],
] as const) {
  test(`at an interval of ${interval} a probe is shared for ${minimum} ms`, () => {
    assert.equal(load({ flags: { interval } }).config.minProbeIntervalMillis, minimum);
  });
}

test('a probe is shared for a shorter time where that is asked for, and for no longer than the interval', () => {
  const minimum = (asked: string): number =>
    load({ flags: { interval: '500ms', 'min-probe-interval': asked } }).config.minProbeIntervalMillis;
  assert.deepEqual(['0', '100ms', '1s'].map(minimum), [0, 100, 500]);
});

test('upper bounds hold, silently for defaults and with a warning for what was asked', () => {
  const quiet = load({ flags: { interval: '5s', 'probe-timeout': '3s' } });
  const { exportTimeoutMillis, otlpTimeoutMillis, inlineTimeoutMillis, callTimeoutMillis } = quiet.config;
  assert.deepEqual(
    [exportTimeoutMillis, otlpTimeoutMillis, inlineTimeoutMillis, callTimeoutMillis],
    [5_000, 5_000, 3_000, 3_000],
  );
  assert.deepEqual(quiet.warnings, []);
  const { warnings } = load({
    flags: { 'min-probe-interval': '1m' },
    environment: { OTEL_METRIC_EXPORT_TIMEOUT: '60000' },
  });
  assert.deepEqual(warnings, [
    '--min-probe-interval 60000ms: lowered to --interval, 10000ms',
    'OTEL_METRIC_EXPORT_TIMEOUT 60000ms: lowered to --interval, 10000ms',
  ]);
});

test('--verbose logs at debug at least', () => {
  const environment = { OTEL_LOG_LEVEL: 'warn' };
  assert.equal(load({ environment, flags: { verbose: true } }).config.logLevel, 'debug');
  assert.equal(load({ flags: { verbose: true, 'log-level': 'trace' } }).config.logLevel, 'trace');
  assert.equal(load({ environment: { OTEL_LOG_LEVEL: 'NONE' } }).config.logLevel, 'silent');
});

const contradictions: readonly (readonly [Given, RegExp])[] = [
  [{ flags: { demo: true, 'docker-url': 'unix:///a' } }, /^--demo with --docker-url: /],
  [
    { flags: { demo: true }, environment: { TIDEGAUGE_DOCKER_URL: 'unix:///a' } },
    /^--demo with TIDEGAUGE_DOCKER_URL: /,
  ],
  [{ file: 'docker_tls_key: k', files: { k: '-----BEGIN ' } }, /^t\.yaml:1: docker_tls_key: a key needs/],
  [
    { flags: { 'docker-tls-cert': 'c' }, files: { c: '-----BEGIN ' } },
    /^--docker-tls-cert: a client certificate needs/,
  ],
  [{ flags: { 'otlp-client-key': 'k' }, files: { k: '-----BEGIN ' } }, /^--otlp-client-key: a key needs/],
];

for (const [given, message] of contradictions) {
  test(`a contradiction: ${message.source}`, () => {
    const problems = problemsOf(given);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', message);
  });
}

test('what is off contradicts nothing, and a variable of the specification only warns', () => {
  assert.equal(load({ flags: { demo: false, 'docker-url': 'unix:///a' } }).config.demo, false);
  const { config, warnings } = load({
    environment: { OTEL_EXPORTER_OTLP_CLIENT_KEY: 'k' },
    files: { k: '-----BEGIN ' },
  });
  assert.equal(config.otlpClientKey, undefined);
  assert.match(
    warnings.join(),
    /^OTEL_EXPORTER_OTLP_CLIENT_KEY: a key needs its client certificate.*; ignored$/,
  );
});

test('files must be readable, and PEM where PEM is meant', () => {
  const given = { flags: { config: 'none.yaml', 'docker-tls-ca': 'ca' }, files: { ca: 'PK' } };
  assert.deepEqual(problemsOf(given), [
    '--config "none.yaml": cannot be read: no such file',
    '--docker-tls-ca "ca": is not a PEM file',
  ]);
  assert.match(
    problemsOf({ environment: { TIDEGAUGE_CONFIG: 'x' } })[0] ?? '',
    /^TIDEGAUGE_CONFIG "x": cannot be read/,
  );
  assert.match(problemsOf({ file: 'config: other.yaml' })[0] ?? '', /^t\.yaml:1: config: unknown setting/);
});

test('a misspelt variable is warned of, one that Kubernetes made is not', () => {
  const { warnings } = load({
    environment: {
      TIDEGAUGE_DOCKER_URLS: 'x',
      TIDEGAUGE_PORT: 'tcp://10.0.0.1:9417',
      TIDEGAUGE_SERVICE_HOST: '10.0.0.1',
    },
  });
  assert.deepEqual(warnings, ['TIDEGAUGE_DOCKER_URLS: unknown variable; did you mean TIDEGAUGE_DOCKER_URL?']);
});

test('a variable of our prefix is warned of where the specification has its own', () => {
  const { config, warnings } = load({
    environment: {
      TIDEGAUGE_LISTEN: '127.0.0.1:1',
      TIDEGAUGE_OTLP_COMPRESSION: 'gzip',
      TIDEGAUGE_EXPORTER: '',
    },
  });
  assert.equal(config.listen.port, 9417);
  assert.deepEqual(warnings, [
    'TIDEGAUGE_LISTEN: unknown variable; did you mean OTEL_EXPORTER_PROMETHEUS_HOST or OTEL_EXPORTER_PROMETHEUS_PORT?',
    'TIDEGAUGE_OTLP_COMPRESSION: unknown variable; did you mean OTEL_EXPORTER_OTLP_METRICS_COMPRESSION or OTEL_EXPORTER_OTLP_COMPRESSION?',
  ]);
});

test('settings of a profile that is not chosen are warned of', () => {
  const given = { flags: { 'cadvisor-group': 'cpu' }, environment: { TIDEGAUGE_CGROUP_ROWS: 'none' } };
  const unused = 'without effect, for --profile semconv has other metrics';
  assert.deepEqual(load(given).warnings, [`--cadvisor-group: ${unused}`, `TIDEGAUGE_CGROUP_ROWS: ${unused}`]);
  const chosen = { ...given, flags: { ...given.flags, profile: 'semconv,cadvisor' } };
  assert.deepEqual(load(chosen).warnings, []);
  assert.deepEqual(load({}).warnings, []);
});

test("OpenTelemetry's own configuration file is said not to be read", () => {
  const { warnings } = load({
    environment: { OTEL_CONFIG_FILE: '/etc/otel.yaml', OTEL_EXPERIMENTAL_CONFIG_FILE: '' },
  });
  assert.deepEqual(warnings, [
    "OTEL_CONFIG_FILE is set, but OpenTelemetry's configuration file is not read; give --config",
  ]);
});

const anything = fc.oneof(
  fc.string(),
  fc.constantFrom('-1', '0', '1e9', 'a=b', '%', '[::', 'http://', '\0', ','),
);

test('whatever the variables of the specification hold, the agent starts', () => {
  const names = namedSettings.flatMap(({ otelVariables = [] }) => otelVariables.map(({ name }) => name));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), anything), (environment) => {
      load({ environment });
    }),
    { numRuns: 500 },
  );
});

test('whatever is given, the loader gives a configuration or problems, and never a secret', () => {
  const flags = fc.dictionary(
    fc.constantFrom(...namedSettings.map(({ flag }) => flag)),
    fc.oneof(anything, fc.array(anything), fc.boolean()),
  );
  const secret = fc.oneof(fc.tuple(anything, anything).map(([before, after]) => `${before}hunter2${after}`));
  fc.assert(
    fc.property(flags, secret, fc.string(), (given, headers, file) => {
      try {
        load({ flags: { ...given, 'otlp-headers': headers }, file });
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        assert.ok(error.problems.length > 0);
        assert.doesNotMatch(error.message, /hunter2/);
      }
    }),
    { numRuns: 500 },
  );
});
