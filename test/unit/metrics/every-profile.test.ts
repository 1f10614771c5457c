import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { profileNames } from '../../../src/config/settings/names.ts';
import { wholeCatalogue } from '../../../src/metrics/catalogue.ts';
import type { ContainerInstrument } from '../../../src/model/instrument.ts';
import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import { captures, recordedContainers, type Capture } from '../../support/wire/recorded-cases.ts';
import { afterMutations, mutationsOf } from './mutations.ts';
import { observationsOf, recordedAnswers, snapshotFrom } from './observed.ts';

/** Every instrument of every profile, those too that are off by default. */
const everything = wholeCatalogue(profileNames).containers;

/** A gauge may say "none" with a number below 0. */
const mayBeNegative: ReadonlySet<string> = new Set(['container_health_state']);

/** Finite, nothing negative, counters with a start and nothing else with one, and no attribute that was not declared. */
function expectSound(instrument: ContainerInstrument, snapshot: ContainerSnapshot): void {
  const { name, kind, attributes: declared } = instrument;
  for (const { value, attributes, startedAt } of observationsOf(instrument, snapshot)) {
    assert.ok(Number.isFinite(value), `${name} is ${value}`);
    assert.ok(value >= 0 || mayBeNegative.has(name), `${name} is ${value}`);
    assert.equal(startedAt !== undefined, kind === 'counter', name);
    const strays = Object.keys(attributes).filter((key) => !declared.some((each) => matches(each, key)));
    assert.deepEqual(strays, [], name);
  }
}

function matches(declared: string, key: string): boolean {
  return declared.endsWith('*') ? key.startsWith(declared.slice(0, -1)) : declared === key;
}

test('recorded: every figure is a number that it can be, with the attributes it declares', () => {
  for (const capture of captures) {
    for (const name of recordedContainers(capture)) {
      const snapshot = snapshotFrom(recordedAnswers(capture, name, name !== 'oom_exited'));
      for (const instrument of everything) expectSound(instrument, snapshot);
    }
  }
});

const containers: readonly [Capture, string][] = [
  ['cgroup_v1', 'io_writer'],
  ['cgroup_v2_api_1.56', 'cpu_throttled'],
];

for (const [capture, container] of containers) {
  test(`${capture}/${container}: nonsense in an answer makes nonsense of no figure`, () => {
    const answers = recordedAnswers(capture, container);
    fc.assert(
      fc.property(mutationsOf({ stats: answers.stats, inspect: answers.inspect }), (mutations) => {
        const snapshot = snapshotFrom(afterMutations(answers, mutations));
        for (const instrument of everything) expectSound(instrument, snapshot);
      }),
      { numRuns: 2000 },
    );
  });
}
