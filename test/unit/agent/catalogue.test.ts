import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chosenMetrics } from '../../../src/agent/catalogue.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { Config } from '../../../src/config/settings/settings.ts';
import { wholeCatalogue } from '../../../src/metrics/catalogue.ts';
import { metricRows, metricsMarkdown, metricsTable } from '../../../src/metrics/listing.ts';

function configOf(flags: Readonly<Record<string, unknown>>, file = ''): Config {
  const given = file === '' ? flags : { ...flags, config: 'tidegauge.yaml' };
  return loadConfig({ flags: given, environment: {}, readFile: () => file }).config;
}

function namesOn(config: Config): string[] {
  const { containers, runtime } = chosenMetrics(config).catalogue;
  return [...containers, ...runtime].map(({ name }) => name);
}

test('by default everything is on that is not off by default', () => {
  const { containers, runtime } = wholeCatalogue(['semconv']);
  const expected = [...containers, ...runtime].filter(({ offByDefault }) => !offByDefault);
  assert.deepEqual(
    namesOn(configOf({})),
    expected.map(({ name }) => name),
  );
});

test('a metric is switched off by its name after an exclamation mark, the last word holds', () => {
  const off = '!container.uptime';
  assert.ok(namesOn(configOf({})).includes('container.uptime'));
  assert.ok(!namesOn(configOf({ metric: off })).includes('container.uptime'));
  assert.ok(namesOn(configOf({ metric: [off, 'container.uptime'] })).includes('container.uptime'));
  assert.ok(!namesOn(configOf({}, `metric: ['${off}']`)).includes('container.uptime'));
  assert.ok(
    !namesOn(configOf({ metric: '!tidegauge.metrics.missing' })).includes('tidegauge.metrics.missing'),
  );
});

test('a metric that the profiles do not have is a mistake, with the nearest name', () => {
  const config = configOf({ metric: ['container.uptim', '!docker_containers'] });
  assert.throws(
    () => chosenMetrics(config),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.problems[0] ?? '',
        /^--metric "container\.uptim": .*did you mean container\.uptime\?$/,
      );
      assert.match(error.problems[1] ?? '', /^--metric "docker_containers": no metric .* in semconv$/);
      return true;
    },
  );
});

test('the lists tell on from off', () => {
  const config = configOf({ metric: '!container.uptime' });
  const rows = metricRows(wholeCatalogue(config.profile), chosenMetrics(config).catalogue);
  assert.deepEqual(
    rows
      .filter(({ name }) => ['container.uptime', 'container.cpu.time'].includes(name))
      .map(({ isOn }) => isOn),
    [false, true],
  );
  assert.match(metricsTable(rows), /\ncontainer\.uptime .* off /);
  assert.match(metricsMarkdown(rows), /\| `container\.uptime` .* \| off \|/);
});

test('profiles that want one name for two things are a mistake that names both, until one is switched off', () => {
  const profile = 'semconv,cadvisor';
  const names = ['container.memory.usage', 'container.memory.working_set', 'container.start_time'];
  assert.throws(
    () => chosenMetrics(configOf({ profile })),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.problems.length, names.length);
      for (const problem of error.problems) {
        assert.match(problem, /^--profile semconv,cadvisor: semconv \(container\.[\w.]+\) and cadvisor \(/);
        assert.match(problem, /\) both have container_\w+, but differ in labels and unit; /);
      }
      return true;
    },
  );
  const switched = configOf({ profile, metric: names.map((name) => `!${name}`) });
  assert.ok(namesOn(switched).includes('container_memory_usage_bytes'));
  assert.ok(namesOn(switched).includes('container.cpu.time'));
});

describe('groups of profile cadvisor', () => {
  const cadvisorNames = (flags: Readonly<Record<string, unknown>>): string[] =>
    namesOn(configOf({ profile: 'cadvisor', ...flags }));

  test('all are on by default, and none leaves what cAdvisor always shows', () => {
    assert.ok(cadvisorNames({}).includes('container_threads'));
    const names = cadvisorNames({ 'cadvisor-group': 'none' });
    assert.ok(names.includes('container_last_seen') && names.includes('container_spec_cpu_period'));
    assert.ok(!names.some((name) => /_(?:cpu_usage|memory_rss|network_receive|fs_reads)/.test(name)));
  });

  test('those that are named are on, whatever the case of their letters, and the others off', () => {
    const names = cadvisorNames({ 'cadvisor-group': 'DISKIO,process' });
    assert.ok(names.includes('container_fs_reads_bytes_total') && names.includes('container_threads'));
    assert.ok(!names.includes('container_memory_rss'));
    const { problems } = refused({ 'cadvisor-group': 'diskio,all,memry' });
    assert.match(problems.join(), /"memry": expected one of .*did you mean memory\?/);
  });

  test('a metric of its own name wins over its group, and other profiles have no groups', () => {
    const names = cadvisorNames({
      'cadvisor-group': 'cpu',
      metric: 'container_memory_rss,!container_cpu_user_seconds_total',
    });
    assert.ok(names.includes('container_memory_rss') && names.includes('container_cpu_usage_seconds_total'));
    assert.ok(!names.includes('container_cpu_user_seconds_total'));
    assert.deepEqual(namesOn(configOf({ 'cadvisor-group': 'none' })), namesOn(configOf({})));
  });

  test('labels and variables become labels where they are named', () => {
    const keys = (flags: Readonly<Record<string, unknown>>): readonly string[] | undefined =>
      chosenMetrics(configOf({ profile: 'cadvisor', ...flags })).catalogue.containers.find(
        ({ name }) => name === 'container_last_seen',
      )?.attributes;
    assert.deepEqual(keys({}), ['id', 'name', 'image', 'container_label_*']);
    assert.deepEqual(keys({ 'cadvisor-label': 'none', 'cadvisor-env': 'APP_' }), [
      'id',
      'name',
      'image',
      'container_env_*',
    ]);
    assert.match(refused({ 'cadvisor-label': 'none,a' }).problems.join(), /all and none exclude/);
  });
});

function refused(flags: Readonly<Record<string, unknown>>): ConfigError {
  try {
    configOf(flags);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('not refused');
}
