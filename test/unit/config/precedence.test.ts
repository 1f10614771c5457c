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

/**
 * A setting's value from the specification's variables, else from the file: the first set variable wins; combined ones
 * are merged, and parts of a value with the file's.
 */
function fromVariablesAndFile(
  setting: NamedSetting,
  texts: readonly (string | undefined)[],
  file: string | undefined,
): unknown {
  const { combined, otelVariables = [], type } = setting;
  const set = texts.flatMap((text, index) =>
    text === undefined ? [] : [(otelVariables[index]?.type ?? type).parse(text)],
  );
  const inFile = file === undefined ? undefined : type.parse(file);
  if (set.length === 0 || !combined) return set[0] ?? inFile;
  const byDefault = typeof setting.default === 'string' ? type.parse(setting.default) : undefined;
  const areParts = otelVariables.some((each) => each.type);
  return Object.assign({}, byDefault, areParts ? inFile : undefined, ...set.toReversed());
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
          fromVariablesAndFile(setting, variables, isInFile ? file : undefined) ??
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
