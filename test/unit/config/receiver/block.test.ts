import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../../../../src/config/config-error.ts';
import { loadConfig } from '../../../../src/config/load-config.ts';
import type { LoadedConfig } from '../../../../src/config/load-config.ts';

function load(yaml: string, flags: Record<string, unknown> = {}): LoadedConfig {
  return loadConfig({ flags: { config: 'f.yaml', ...flags }, environment: {}, readFile: () => yaml });
}

function problemsOf(yaml: string, flags: Record<string, unknown> = {}): readonly string[] {
  try {
    load(yaml, flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The example of the receiver's README with all other keys of its configuration. */
const pasted = `
docker_stats:
  endpoint: http://example.com/
  collection_interval: 2s
  initial_delay: 1s
  timeout: 1m30s
  api_version: "1.25"
  stream_stats: true
  container_labels_to_metric_labels:
    my.container.label: my-metric-label
  env_vars_to_metric_labels:
    MY_ENVIRONMENT_VARIABLE: my-other-metric-label
  excluded_images:
    - undesired-container
    - /.*undesired.*/
    - "!another-*-container"
  metrics:
    container.cpu.usage.percpu:
      enabled: true
    container.network.io.usage.tx_dropped:
      enabled: false
    container.blockio.io_service_bytes_recursive:
      attributes: [operation]
      aggregation_strategy: max
    container.uptime:
  resource_attributes:
    container.id:
      enabled: true
      metrics_include: [{ strict: a }, { regexp: ^b }]
`;

describe('a pasted block of a docker_stats receiver', () => {
  test('gives the settings that mean the same, and keeps the rest for its profile', () => {
    const { config, warnings } = load(pasted, { profile: 'docker_stats' });
    const { dockerUrl, intervalMillis, callTimeoutMillis, dockerApiVersion, dockerStats } = config;
    assert.deepEqual(
      { dockerUrl, intervalMillis, callTimeoutMillis, dockerApiVersion },
      {
        dockerUrl: ['http://example.com/'],
        intervalMillis: 2000,
        callTimeoutMillis: 90_000,
        dockerApiVersion: '1.25',
      },
    );
    assert.deepEqual(dockerStats?.metrics?.['container.uptime'], null);
    assert.deepEqual(dockerStats?.metrics?.['container.cpu.usage.percpu'], { enabled: true });
    assert.deepEqual(warnings, []);
  });

  test('gives way to the settings themselves, and to a demo or a recording', () => {
    assert.equal(load(`interval: 5s\n${pasted}`).config.intervalMillis, 5000);
    assert.equal(load(pasted, { interval: '7s' }).config.intervalMillis, 7000);
    assert.equal(load(pasted, { replay: '/r' }).config.replay, '/r');
    assert.equal(load(pasted, { demo: true }).config.demo, true);
    assert.deepEqual(problemsOf('docker_url: unix:///a\nreplay: /r'), [
      'f.yaml:2: replay with f.yaml:1: docker_url: a recording is its own runtime; leave out one of them',
    ]);
  });

  test('without its profile says so of what has no effect', () => {
    assert.deepEqual(load(pasted).warnings, [
      'docker_stats metrics, resource_attributes, container_labels_to_metric_labels, env_vars_to_metric_labels: ' +
        'without effect, for --profile semconv has other metrics',
    ]);
    assert.deepEqual(load(pasted, { profile: 'semconv,docker_stats' }).warnings, []);
    assert.deepEqual(load('docker_stats: { timeout: 5s, metrics: {} }').warnings, []);
  });

  test('may be empty, and so may what is in it', () => {
    assert.equal(load('docker_stats:').config.dockerStats, undefined);
    const empty = 'docker_stats: { endpoint: "", api_version: "", metrics: , excluded_images: , tls: }';
    assert.equal(load(empty).config.dockerUrl, undefined);
  });

  test('brings certificates along', () => {
    const yaml =
      'docker_stats: { endpoint: tcp://h:2376, tls: { ca_file: /ca, insecure_skip_verify: true } }';
    const files = new Map([
      ['f.yaml', yaml],
      ['/ca', '-----BEGIN CERTIFICATE-----'],
    ]);
    const readFile = (path: string): string => files.get(path) ?? '';
    const { config } = loadConfig({ flags: { config: 'f.yaml' }, environment: {}, readFile });
    assert.deepEqual([config.dockerTlsCa, config.dockerTlsVerify], ['/ca', false]);
    assert.match(
      problemsOf('docker_stats: { tls: { cert_file: /c, ca_pem: x } }').join('\n'),
      /tls\.ca_pem: unknown setting\n.*tls\.cert_file "\/c": is not a PEM file/,
    );
  });

  test('has each of its mistakes reported', () => {
    const yaml = `
docker_stats:
  endpoind: x
  endpoint: nowhere
  collection_interval: soon
  api_version: 1.25
  stream_stats: maybe
  excluded_images: [ok, "/(/", "!web-["]
  env_vars_to_metric_labels: { A: 1 }
  metrics:
    container.uptime: { enabled: perhaps, aggregation_strategy: median, unit: s }
  resource_attributes:
    container.hostnam: { enabled: true }
    container.id: { metrics_include: [{ regexp: "(?=a)" }] }
`;
    const at = 'f.yaml:2: docker_stats';
    assert.deepEqual(problemsOf(yaml).toSorted(), [
      `${at}.api_version 1.25: expected a version such as "1.41", in quotes where the file is YAML`,
      `${at}.collection_interval "soon": expected a duration such as 500ms, 10s, 2m or 1h`,
      `${at}.endpoind: unknown setting; did you mean endpoint?`,
      `${at}.endpoint "nowhere": expected unix://PATH, tcp://HOST:PORT, http://, https://, ssh://USER@HOST or npipe://PATH`,
      `${at}.env_vars_to_metric_labels.A 1: expected the name of an attribute`,
      `${at}.excluded_images.1 "/(/": missing closing ): \`(\``,
      `${at}.excluded_images.2 "!web-[": [ without its ]`,
      `${at}.metrics.container.uptime.aggregation_strategy "median": expected one of sum, avg, min, max`,
      `${at}.metrics.container.uptime.enabled "perhaps": expected true or false`,
      `${at}.metrics.container.uptime.unit: unknown setting`,
      `${at}.resource_attributes.container.hostnam: unknown setting`,
      `${at}.resource_attributes.container.id.metrics_include.0 {"regexp":"(?=a)"}: expected strict: VALUE or regexp: EXPRESSION`,
      `${at}.stream_stats "maybe": expected true or false`,
    ]);
    assert.deepEqual(problemsOf('docker_stats: [1]'), ['f.yaml:1: docker_stats [1]: expected a map']);
  });

  test('has a mistake reported once, also where a setting of ours borrows the key', () => {
    const yaml =
      'docker_stats: { endpoint: 5, excluded_images: ["", "!"], tls: { ca_file: [], insecure_skip_verify: x } }';
    const at = 'f.yaml:1: docker_stats';
    assert.deepEqual(problemsOf(yaml), [
      `${at}.endpoint 5: expected a URL`,
      `${at}.excluded_images.0 "": expected an image`,
      `${at}.excluded_images.1 "!": expected an image`,
      `${at}.tls.ca_file []: expected a file`,
      `${at}.tls.insecure_skip_verify "x": expected true or false`,
    ]);
    const regexp =
      'docker_stats: { resource_attributes: { container.id: { metrics_exclude: [{ regexp: "" }] } } }';
    assert.match(problemsOf(regexp).join(), /regexp "": expected a regular expression$/);
  });

  test('has no flag and no variable', () => {
    const { config } = loadConfig({
      flags: {},
      environment: { TIDEGAUGE_DOCKER_STATS: 'x' },
      readFile: () => '',
    });
    assert.equal(config.dockerStats, undefined);
  });
});
