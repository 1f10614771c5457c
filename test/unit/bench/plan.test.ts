import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../../../bench/options.ts';
import { plan } from '../../../bench/plan.ts';
import { isMeasured } from '../../../bench/results.ts';

const circumstances = { at: '', commit: '', node: '', machine: '' };

test('each repetition has every runtime and agent before the next begins', () => {
  const groups = plan(readOptions(['--only=real', '--repeat=2']));
  assert.deepEqual(
    groups.map(({ runtime, steps }) => `${runtime} ${steps[0]?.repetition}`),
    ['20.10 1', 'current 1', '20.10 2', 'current 2'],
  );
  for (const { steps } of groups) {
    assert.deepEqual(
      steps.map(({ task, agent, containers }) => `${task} ${agent} ${containers}`),
      [
        'start kernel 50',
        'reading kernel 200',
        'window docker_stats 200',
        'window cadvisor 200',
        'window kernel 200',
        'window api 200',
        'window same_series 200',
        'window floor 200',
      ],
    );
  }
});

test('what one repetition does on a real runtime is done at once', () => {
  const groups = plan(readOptions(['--only=real,fast,simulated', '--engine=20.10,simulated', '--repeat=2']));
  assert.deepEqual(
    groups.map(({ runtime, steps }) => `${runtime} ${steps[0]?.repetition} ${steps.at(-1)?.part}`),
    ['20.10 1 fast', 'simulated 1 simulated', '20.10 2 fast', 'simulated 2 simulated'],
  );
});

test('runtimes and agents that are not named are left out, and what has no step is not started', () => {
  const groups = plan(readOptions(['--engine=current,simulated', '--agents=kernel', '--repeat=1']));
  assert.deepEqual(
    groups.map(({ runtime, hasCgroups, steps }) => [
      runtime,
      hasCgroups,
      steps.map(({ part, task, containers }) => `${part} ${task} ${containers}`),
    ]),
    [
      ['current', false, ['real start 50', 'real window 200']],
      ...[10, 100, 1000, 5000, 10_000].map((size) => ['simulated', true, [`scaling window ${size}`]]),
      ['simulated', false, ['backends backends 1000']],
    ],
  );
});

test('flags replace what the parts have', () => {
  const flags = [
    '--only=large',
    '--containers=7',
    '--cycles=2',
    '--interval=3s',
    '--scrape-phase=0.5',
    '--repeat=1',
  ];
  const [group] = plan(readOptions(flags));
  const [step] = group?.steps ?? [];
  assert.deepEqual(
    [step?.containers, step?.cycles, step?.intervalSeconds, step?.agent, step?.exports],
    [7, 2, 3, 'api', 'prometheus+otlp'],
  );
});

test('the quick run has fewer of everything, and its flags can be overridden', () => {
  const groups = plan(readOptions(['--quick', '--containers=20']));
  assert.equal(groups.length, 1);
  for (const { containers, intervalSeconds } of groups[0]?.steps ?? []) {
    assert.deepEqual([containers, intervalSeconds], [20, 5]);
  }
});

test('what was measured before is known again', () => {
  const [first, second] = plan(readOptions(['--only=fast', '--repeat=2'])).flatMap(({ steps }) => steps);
  assert.ok(first && second);
  const results = [{ step: JSON.parse(JSON.stringify(first)), ...circumstances }];
  assert.deepEqual([isMeasured(first, results), isMeasured(second, results)], [true, false]);
});

test('an error names the flag and what was expected', () => {
  assert.throws(() => readOptions(['--only=rael']), /--only rael: expected real, fast/);
  assert.throws(() => readOptions(['--engine=19']), /--engine 19: expected 20\.10/);
  assert.throws(() => readOptions(['--cycles=0']), /--cycles 0: expected a whole number/);
  assert.throws(() => readOptions(['--scrape-phase=1']), /--scrape-phase 1: expected 0 or more, below 1/);
});
