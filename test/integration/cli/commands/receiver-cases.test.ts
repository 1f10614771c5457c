import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { startReplay } from '../../../../src/simulator/replay/start.ts';
import { runTidegauge } from '../../../support/real/agent-process.ts';
import { receiverDifferencesOf } from '../../../support/wire/receiver-metrics.ts';
import {
  caseFolders,
  casesFolder,
  needsPeerCases,
  recordedText,
} from '../../../support/wire/recorded-cases.ts';

/** The receiver's suite has these in every case. */
const mappings = {
  container_labels_to_metric_labels: {
    'container.label': 'container-metric-label',
    'container.label.2': 'container-metric-label-2',
  },
  env_vars_to_metric_labels: { ENV_VAR: 'env-var-metric-label', ENV_VAR_2: 'env-var-metric-label-2' },
};

const isOptional = (name: string): boolean => name.includes('optional_resource_attributes');

/** The differences that are there on purpose and that these cases show: see receiver-differences.ts. */
const onPurpose = /^container\.memory\.usage\.max is absent: expected .*\\"value\\":0}/;

describe('the cases of the docker_stats receiver', needsPeerCases, () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegauge-cases-'));
    const { metrics, resource_attributes: resource } = parse(
      recordedText('docker_stats/all-metrics-config.yaml'),
    ).all_set;
    const block = { metrics, ...mappings };
    await writeFile(join(folder, 'some.yaml'), stringify({ docker_stats: block }));
    const whole = { ...block, resource_attributes: resource };
    await writeFile(join(folder, 'all.yaml'), stringify({ docker_stats: whole }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function compare(name: string, where: readonly string[]): Promise<void> {
    const config = join(folder, isOptional(name) ? 'all.yaml' : 'some.yaml');
    const what = ['--config', config, '--profile', 'docker_stats', '--format', 'otlp-json'];
    const { exitCode, stdout, stderr } = await runTidegauge({ args: ['once', ...where, ...what] });
    assert.equal(exitCode, 0, stderr);
    const expected = parse(recordedText(`docker_stats/${name}/expected_metrics.yaml`));
    const found = JSON.parse(stdout);
    assert.equal(found.resourceMetrics.length, expected.resourceMetrics.length, 'nothing but containers');
    const differences = receiverDifferencesOf(found, expected);
    assert.deepEqual(
      differences.filter((each) => !onPurpose.test(each)),
      [],
    );
  }

  for (const name of caseFolders('docker_stats')) {
    test(`${name}, replayed`, () => compare(name, ['--replay', casesFolder(`docker_stats/${name}`)]));

    test(`${name}, by any runtime that answers so`, async () => {
      const runtime = await startReplay(casesFolder(`docker_stats/${name}`));
      try {
        await compare(name, ['--docker-url', runtime.url]);
      } finally {
        await runtime.close();
      }
    });
  }
});
