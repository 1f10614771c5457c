import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { NamedSetting } from '../../../src/config/settings/setting.ts';
import { flaggedSettings, type Config } from '../../../src/config/settings/settings.ts';
import { samples } from './samples.ts';

const pem = '-----BEGIN CERTIFICATE-----';

/** Settings that another one requires beside it. */
const companions: Readonly<Partial<Record<string, Readonly<Record<string, string>>>>> = {
  dockerTlsCert: { 'docker-tls-key': '/k.pem' },
  dockerTlsKey: { 'docker-tls-cert': '/k.pem' },
  otlpClientCertificate: { 'otlp-client-key': '/k.pem' },
  otlpClientKey: { 'otlp-client-certificate': '/k.pem' },
  cgroupRows: { profile: 'cadvisor' },
  cadvisorGroup: { profile: 'cadvisor' },
  cadvisorLabel: { profile: 'cadvisor' },
  cadvisorEnv: { profile: 'cadvisor' },
};

interface Given {
  readonly flag?: string;
  readonly variables: readonly (string | undefined)[];
  readonly file?: string;
}

function load({ key, flag, fileKey, variables }: NamedSetting, given: Given): Config {
  const isGiven = [given.flag, given.file, ...given.variables].some((text) => text !== undefined);
  const { config, warnings } = loadConfig({
    flags: { ...(isGiven && companions[key]), ...(given.flag !== undefined && { [flag]: given.flag }) },
    environment: {
      TIDEGAUGE_CONFIG: '/t.yaml',
      ...Object.fromEntries(variables.map((name, index) => [name, given.variables[index] ?? ''])),
    },
    readFile: (path) =>
      path === '/t.yaml' && given.file !== undefined ? stringify({ [fileKey]: given.file }) : `# ${pem}`,
  });
  assert.deepEqual(warnings, []);
  return config;
}

/** A setting's value from the specification's variables: the first set one wins; combined ones are merged. */
function fromVariables(setting: NamedSetting, texts: readonly (string | undefined)[]): unknown {
  const set = texts.flatMap((text, index) => {
    const type = setting.otelVariables?.[index]?.type ?? setting.type;
    return text === undefined ? [] : [type.parse(text)];
  });
  if (set.length === 0) return undefined;
  const byDefault = typeof setting.default === 'string' ? setting.type.parse(setting.default) : undefined;
  return setting.combined ? Object.assign({}, byDefault, ...set.toReversed()) : set[0];
}

/** `OTEL_EXPORTER_PROMETHEUS_HOST` and `…_PORT` hold parts of a value. */
function variableTexts({ key, variables }: NamedSetting, texts: readonly string[]): readonly string[] {
  return key === 'listen' ? ['10.0.0.1', '81'] : variables.map((_, index) => texts[index % 3] ?? '');
}

const arrangements = fc.record({
  order: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
  isFlagGiven: fc.boolean(),
  areVariablesGiven: fc.array(fc.boolean(), { minLength: 2, maxLength: 2 }),
  isInFile: fc.boolean(),
});

for (const setting of flaggedSettings.filter(({ isOutsideFile }) => !isOutsideFile)) {
  const own = Object.entries(samples).find(([key]) => key === setting.key)?.[1] ?? [];
  const defaults = load(setting, { variables: [] });

  test(`${setting.key}: flag before variables before file before default`, () => {
    fc.assert(
      fc.property(arrangements, ({ order, isFlagGiven, areVariablesGiven, isInFile }) => {
        const [first = '', ...others] = order.map((index) => own[index] ?? '');
        const [file = ''] = others;
        const variables = variableTexts(setting, others).map((text, index) =>
          areVariablesGiven[index] ? text : undefined,
        );
        const config = load(setting, {
          variables,
          ...(isFlagGiven && { flag: first }),
          ...(isInFile && { file }),
        });
        const expected =
          (isFlagGiven ? setting.type.parse(first) : undefined) ??
          fromVariables(setting, variables) ??
          (isInFile ? setting.type.parse(file) : undefined) ??
          valueOf(defaults, setting.key);
        assert.deepStrictEqual(valueOf(config, setting.key), expected);
      }),
      { numRuns: 60 },
    );
  });
}

function valueOf(config: Config, key: string): unknown {
  return Object.entries(config).find(([each]) => each === key)?.[1];
}
