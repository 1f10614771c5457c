import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandVariables } from '../../../../src/config/receiver/read-block.ts';
import { load, problemsOf } from '../../../support/fakes/load.ts';

const environment = { HOST: 'tcp://db:2375', EMPTY: '', ON: 'true', SECRET: '${HOST}' };

const expanded: readonly (readonly [unknown, unknown])[] = [
  ['${env:HOST}', 'tcp://db:2375'],
  ['${HOST}/x and ${env:EMPTY}.', 'tcp://db:2375/x and .'],
  ['${env:NONE:-10s}', '10s'],
  ['${env:NONE:-}', ''],
  ['${env:HOST:-10s}', 'tcp://db:2375'],
  ['$${env:HOST} costs $$5', '${env:HOST} costs $5'],
  ['/^a$/', '/^a$/'],
  ['$HOST', '$HOST'],
  // Values of the environment are not expanded again.
  ['${env:SECRET}', '${HOST}'],
  [{ '${HOST}': ['${ON}', 1, null] }, { '${HOST}': ['true', 1, null] }],
];

for (const [value, expected] of expanded)
  test(`${JSON.stringify(value)} of a Collector's file`, () => {
    const onError = (): never => assert.fail('nothing is wrong');
    assert.deepEqual(expandVariables(value, { environment, onError }), expected);
  });

test('a pasted block takes its values from the environment, under a name of its own, too', () => {
  const file = `
docker_stats/web:
  endpoint: \${env:HOST}
  collection_interval: \${env:INTERVAL:-15s}
  metrics:
    container.uptime:
      enabled: \${env:ON}
`;
  const { config } = load({ file, environment, flags: { profile: 'docker_stats' } });
  assert.deepEqual([config.dockerUrl, config.intervalMillis], [['tcp://db:2375'], 15_000]);
  assert.equal(config.dockerStats?.metrics?.['container.uptime']?.enabled, true);
});

test('a variable that nobody has set, and a provider that is not here, are reported by where they stand', () => {
  const file = `
docker_stats:
  excluded_images: ['\${env:NONE}', 'a\${file:/etc/x}', '\${env:}']
`;
  assert.deepEqual(problemsOf({ file, environment }), [
    't.yaml:2: docker_stats.excluded_images.0: ${env:NONE}: the environment has no NONE',
    't.yaml:2: docker_stats.excluded_images.1: ${file:/etc/x}: expected ${env:NAME}',
    't.yaml:2: docker_stats.excluded_images.2: ${env:}: expected ${env:NAME}',
  ]);
});

test('two blocks are one too many', () => {
  const file = 'docker_stats: {}\ndocker_stats/web: {}\n';
  assert.deepEqual(problemsOf({ file }), ['t.yaml:2: docker_stats/web: given twice']);
});
