import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { histogram, metric, rendered, type HandMade } from '../../../support/wire/exposition-input.ts';

const golden = join(import.meta.dirname, '../../../golden');

const web = { container_name: 'web', container_id: '0123456789ab' };
const worker = { container_name: 'worker', container_id: 'ba9876543210' };
const cpuTime = { name: 'container.cpu.time', unit: 's', description: 'CPU time, by mode' };
const memory = {
  name: 'container.memory.usage',
  unit: 'By',
  description: 'Memory "in use" \\ here\nand there',
};
const failures = { name: 'docker_probe_container_failed_total', description: 'Failed probes' };
const restarts = { name: 'docker_restarts', description: 'Restarts' };
const probes = { name: 'tidegauge.probe.duration', unit: 's', description: 'Probes' };

const whole: HandMade = {
  resource: { 'service.name': 'tidegauge', 'process.argv': ['a', 'b'] },
  literal: new Map([
    [failures.name, 'counter'],
    [restarts.name, 'counter'],
  ]),
  scopes: [
    [
      web,
      metric('counter', cpuTime, [
        [1.5, { 'cpu.mode': 'user' }],
        [0.25, { 'cpu.mode': 'system' }],
      ]),
      metric('updowncounter', memory, [[2 ** 40]]),
      metric('counter', failures, [[0, { name: 'web' }]]),
      metric('counter', restarts, [[3, { name: 'web' }]]),
    ],
    [
      worker,
      metric('counter', cpuTime, [[7, { 'cpu.mode': 'user' }]]),
      metric('updowncounter', memory, [[-0]]),
      metric('gauge', { name: 'container.cpu.limit.utilization', unit: '1' }, [[0.5]]),
      metric('counter', failures, [[2, { name: 'worker' }]]),
    ],
    [undefined, histogram(probes, [{ boundaries: [0.5, 1, 10], counts: [1, 2, 0, 1], sum: 14.5 }])],
  ],
};

test('text 0.0.4 is family by family', async () => {
  assert.equal(await rendered(whole), await readFile(join(golden, 'exposition.txt'), 'utf8'));
});

test('OpenMetrics has units, times of creation, info and its end', async () => {
  const exposition = await rendered(whole, { format: 'openmetrics', created: true });
  assert.equal(exposition, await readFile(join(golden, 'exposition.openmetrics.txt'), 'utf8'));
});

test('an empty collection is an empty text, and in OpenMetrics only its end', async () => {
  assert.equal(await rendered({ scopes: [] }), '');
  assert.equal(await rendered({ scopes: [] }, { format: 'openmetrics' }), '# EOF\n');
  assert.equal(await rendered({ scopes: [[web, metric('gauge', { name: 'a' }, [])]] }), '');
});

test('values are spelled as Prometheus spells them', async () => {
  const values = [NaN, Infinity, -Infinity, -0, Number.MAX_SAFE_INTEGER, 1e20, 1e21, 5e-324, 0.1];
  const points = values.map((value, index) => [value, { index }] as const);
  const lines = (await rendered({ scopes: [[undefined, metric('gauge', { name: 'a' }, points)]] }))
    .trim()
    .split('\n');
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(' ')[1]),
    ['NaN', '+Inf', '-Inf', '0', '9007199254740991', '100000000000000000000', '1e+21', '5e-324', '0.1'],
  );
});

test('hostile label values are escaped and stay one line', async () => {
  const hostile = { 'a.b': 'q"\\n\n\r\0\uD800é😀', empty: '', '0': true };
  const text = await rendered({ scopes: [[undefined, metric('gauge', { name: 'a' }, [[1, hostile]])]] });
  assert.equal(text, '# TYPE a gauge\na{_0="true",a_b="q\\"\\\\n\\n\r\0\uFFFDé😀"} 1\n');
});

test('keys that translate to the same label are joined in the order of the keys', async () => {
  const attributes = { a_b: 'second', 'a.b': 'first', 'a/b': 'middle' };
  const text = await rendered({ scopes: [[undefined, metric('gauge', { name: 'a' }, [[1, attributes]])]] });
  assert.match(text, /^a\{a_b="first;middle;second"\} 1$/m);
});

test('identity wins over an attribute of the same name, and le over both', async () => {
  const attributes = { 'container.name': 'other', le: '1' };
  const scopes: HandMade['scopes'] = [
    [
      web,
      metric('gauge', { name: 'a' }, [[1, attributes]]),
      histogram({ name: 'h' }, [{ boundaries: [], counts: [1], attributes }]),
    ],
  ];
  const text = await rendered({ scopes });
  assert.match(text, /^a\{container_name="web",container_id="0123456789ab",le="1"\} 1$/m);
  assert.match(text, /^h_bucket\{container_name="web",container_id="0123456789ab",le="\+Inf"\} 1$/m);
});

test('a family whose name has another type already is left out and reported once', async () => {
  const conflicts: string[] = [];
  const scopes: HandMade['scopes'] = [
    [web, metric('gauge', { name: 'a.b' }, [[1]]), metric('gauge', { name: 'h_count' }, [[1]])],
    [
      worker,
      metric('updowncounter', { name: 'a_b' }, [[2]]),
      histogram({ name: 'h' }, [{ boundaries: [], counts: [1] }]),
    ],
    [
      undefined,
      histogram({ name: 'a_b' }, [{ boundaries: [], counts: [1] }]),
      metric('counter', { name: 'target_info' }, [[1]]),
    ],
  ];
  const text = await rendered({ scopes }, { onConflict: (name) => conflicts.push(name) });
  assert.equal(text.match(/^a_b\{/gm)?.length, 2);
  assert.doesNotMatch(text, /histogram/);
  assert.deepEqual(conflicts, ['h', 'a_b']);
});

test('the name target_info is kept for the agent', async () => {
  const conflicts: string[] = [];
  const scopes: HandMade['scopes'] = [
    [undefined, metric('gauge', { name: 'target_info' }, [[2]]), metric('gauge', { name: 'x' }, [[2]])],
  ];
  const text = await rendered(
    { scopes },
    { format: 'openmetrics', onConflict: (name) => conflicts.push(name) },
  );
  assert.equal(text, '# TYPE x gauge\nx 2\n# EOF\n');
  assert.deepEqual(conflicts, ['target_info']);
});

test('equal series come once, the first: within a metric, across scopes, among literals', async () => {
  const twice = metric('gauge', { name: 'a' }, [
    [1, { x: '1', y: '2' }],
    [2, { y: '2', x: '1' }],
  ]);
  const literal = new Map([['verbatim', 'gauge' as const]]);
  const scopes: HandMade['scopes'] = [
    [web, twice, metric('gauge', { name: 'verbatim' }, [[1, { name: 'n' }]])],
    [
      { ...web },
      metric('gauge', { name: 'a' }, [[3, { x: '1', y: '2' }]]),
      metric('gauge', { name: 'verbatim' }, [[2, { name: 'n' }]]),
    ],
    [undefined, metric('gauge', { name: 'a' }, [[4, { ...web, x: '1', y: '2' }]])],
    [undefined, metric('gauge', { name: 'b.c' }, [[5]]), metric('gauge', { name: 'b_c' }, [[6]])],
  ];
  const samples = (await rendered({ scopes, literal }))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(samples, [
    'a{container_name="web",container_id="0123456789ab",x="1",y="2"} 1',
    'verbatim{name="n"} 1',
    'b_c 5',
  ]);
});

test('what OpenMetrics cannot say is left out there', async () => {
  const counter = metric('counter', { name: 'c' }, [
    [NaN, { a: '1' }],
    [-1, { a: '2' }],
    [1, { a: '3' }],
  ]);
  const below = histogram({ name: 'h' }, [{ boundaries: [-1, 0], counts: [1, 1, 1], sum: -2 }]);
  const text = await rendered({ scopes: [[undefined, counter, below]] }, { format: 'openmetrics' });
  assert.equal(
    text,
    '# TYPE c counter\nc_total{a="3"} 1\n# TYPE h histogram\n' +
      'h_bucket{le="-1.0"} 1\nh_bucket{le="0.0"} 2\nh_bucket{le="+Inf"} 3\n# EOF\n',
  );
});

test('a literal metric’s labels keep their names, which may have two underscores in a row', async () => {
  const attributes = { container_label_my__label: 'x', container_label_my_label: 'y' };
  const metrics = ['verbatim', 'translated'].map((name) => metric('gauge', { name }, [[1, attributes]]));
  const literal = new Map([['verbatim', 'gauge' as const]]);
  const text = await rendered({ scopes: [[undefined, ...metrics]], literal });
  assert.match(text, /^verbatim\{container_label_my__label="x",container_label_my_label="y"\} 1$/m);
  assert.match(text, /^translated\{container_label_my_label="x;y"\} 1$/m);
});
