import assert from 'node:assert/strict';
import { test } from 'node:test';
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
