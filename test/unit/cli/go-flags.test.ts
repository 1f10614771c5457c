import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseGoArguments, type GoFlag } from '../../../src/cli/go-flags.ts';

const known: readonly GoFlag[] = [
  { name: 'port', kind: 'int' },
  { name: 'docker_only', kind: 'bool' },
  { name: 'docker-tls', kind: 'bool' },
  { name: 'limit', kind: 'uint' },
  { name: 'factor', kind: 'float' },
  { name: 'every', kind: 'duration' },
  { name: 'driver', kind: 'string' },
];

function parsed(...args: string[]) {
  const { values, own, problems } = parseGoArguments(args, known);
  return { values: Object.fromEntries(values), own, problems };
}

describe('arguments as Go takes them', () => {
  for (const [line, values] of [
    ['-port=1', { port: '1' }],
    ['--port=1', { port: '1' }],
    ['-port 1', { port: '1' }],
    ['--port 1 --port 2', { port: '2' }],
    ['--port -1', { port: '-1' }],
    ['-docker_only', { docker_only: 'true' }],
    ['--docker_only=F --docker-tls=1', { docker_only: 'false', 'docker-tls': 'true' }],
    ['--driver=a=b', { driver: 'a=b' }],
    ['--driver=', { driver: '' }],
    ['--driver --port=1', { driver: '--port=1' }],
    ['--factor 1e-3', { factor: '1e-3' }],
    ['--every=1m30s', { every: '90000' }],
    ['--every=1.5h', { every: '5400000' }],
    ['--every=500ms', { every: '500' }],
    ['--every=0', { every: '0' }],
    ['--every=-10s', { every: '-10000' }],
    ['', {}],
  ] as const) {
    test(line === '' ? 'none' : line, () => {
      assert.deepEqual(parsed(...line.split(' ').filter(Boolean)), { values, own: {}, problems: [] });
    });
  }

  for (const [line, ...problems] of [
    ['--port', '--port: needs a value'],
    ['--port=', '--port "": expected a whole number'],
    [
      '--port 8o80 --limit=-1',
      '--port "8o80": expected a whole number',
      '--limit "-1": expected a whole number of 0 or more',
    ],
    ['--docker_only=yes', '--docker_only "yes": expected true or false'],
    ['--docker_only false', 'unexpected argument "false"; did you mean --docker_only=false?'],
    ['--docker_only words --port=1 more', 'unexpected argument "words"', 'unexpected argument "more"'],
    ['--every=10', '--every "10": expected a duration as Go writes it, such as 500ms, 10s or 1m30s'],
    ['--every=', '--every "": expected a duration as Go writes it, such as 500ms, 10s or 1m30s'],
    ['--every=-', '--every "-": expected a duration as Go writes it, such as 500ms, 10s or 1m30s'],
    ['--every=10s5', '--every "10s5": expected a duration as Go writes it, such as 500ms, 10s or 1m30s'],
    [
      '-prot=1 --nothing-like-it',
      '-prot: unknown flag; did you mean --port?',
      '--nothing-like-it: unknown flag',
    ],
    ['---port=1', 'unexpected argument "---port=1"'],
    ['- --', 'unexpected argument "-"', 'unexpected argument "--"'],
    ['--=1', 'unexpected argument "--=1"'],
  ] as const) {
    test(`${line} is refused`, () => {
      assert.deepEqual(parsed(...line.split(' ')).problems, problems);
    });
  }

  test('flags of ours are left as they are, whatever they say', () => {
    const args = ['--log-level=warn', '--include', 'name=a', '--include=name=b', '--api=false', '--verbose'];
    assert.deepEqual(parsed(...args, '--no-event-logs', '--port=1'), {
      values: { port: '1' },
      own: {
        'log-level': 'warn',
        include: ['name=a', 'name=b'],
        api: 'false',
        verbose: true,
        'event-logs': false,
      },
      problems: [],
    });
  });

  test('help is asked for in four ways', () => {
    for (const arg of ['-h', '--h', '-help', '--help'])
      assert.equal(parseGoArguments([arg], known).isHelp, true, arg);
  });
});

const valueOf: Readonly<Record<GoFlag['kind'], fc.Arbitrary<string>>> = {
  bool: fc.constantFrom('true', 'false'),
  int: fc.integer().map(String),
  uint: fc.nat().map(String),
  float: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  duration: fc.nat().map((millis) => `${millis}ms`),
  string: fc.string(),
};
const flagWithValue = fc
  .constantFrom(...known)
  .chain((flag) => valueOf[flag.kind].map((value) => ({ ...flag, value })));
const form = fc.record({ dashes: fc.constantFrom('-', '--'), isOneWord: fc.boolean() });

test('property: whatever form it is written in, a flag has its last value, and the flags keep their order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(flagWithValue, form)), (line) => {
      const args = line.flatMap(([{ name, kind, value }, { dashes, isOneWord }]) => {
        if (kind === 'bool') return [value === 'true' ? `${dashes}${name}` : `${dashes}${name}=${value}`];
        return isOneWord ? [`${dashes}${name}=${value}`] : [`${dashes}${name}`, value];
      });
      const expected = new Map<string, string>();
      for (const [{ name, kind, value }] of line) {
        expected.delete(name);
        expected.set(name, kind === 'duration' ? value.replace('ms', '') : value);
      }
      const { values, problems } = parseGoArguments(args, known);
      assert.deepEqual(problems, []);
      assert.deepEqual([...values], [...expected]);
    }),
  );
});

test('property: no command line makes it throw, and each unknown flag is named', () => {
  const name = fc.stringMatching(/^[a-z][a-z_]{2,12}$/).filter((word) => word !== 'help');
  fc.assert(
    fc.property(fc.array(fc.string()), name, (words, strange) => {
      const { problems } = parseGoArguments([`--un_known_${strange}=1`, ...words], known);
      assert.match(problems[0] ?? '', new RegExp(`^--un_known_${strange}: unknown flag`));
    }),
  );
});
