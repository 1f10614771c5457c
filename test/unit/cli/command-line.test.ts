import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { flaggedSettings } from '../../../src/config/settings/settings.ts';
import { TinyProcess, tinyProgram } from './tiny-program.ts';

const parse = (line: string) => parseCommandLine(line.split(' ').filter(Boolean), tinyProgram());

const chosen: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['', 'run', {}],
  ['run', 'run', {}],
  ['once', 'once', {}],
  ['--demo once', 'once', { demo: true }],
  ['--no-docker-tls-verify', 'run', { 'docker-tls-verify': false }],
  ['--demo=false', 'run', { demo: false }],
  ['--interval 010', 'run', { interval: '010' }],
  ['--docker-url a once --docker-url b', 'once', { 'docker-url': ['a', 'b'] }],
  ['--interval 1s --interval=2s', 'run', { interval: ['1s', '2s'] }],
  ['once --format json', 'once', { format: 'json' }],
  ['--interval', 'run', { interval: '' }],
];

for (const [line, name, expected] of chosen) {
  test(`"${line}" runs ${name}`, () => {
    const result = parse(line);
    assert.ok(result.kind === 'command');
    const { _: _words, $0: _name, ...flags } = result.flags;
    assert.equal(result.command.name, name);
    assert.deepEqual(flags, expected);
    assert.deepEqual(result.problems, []);
  });
}

const stray: readonly (readonly [string, readonly string[]])[] = [
  ['onec', ['unknown command "onec"; did you mean once?']],
  ['serve', ['unknown command "serve"; expected one of run, once']],
  ['once twice', ['unexpected argument "twice"']],
  ['--intervall 3s --foo', ['--intervall: unknown flag; did you mean --interval?', '--foo: unknown flag']],
  ['-interval 3s', ['-interval: unknown flag; did you mean --interval?']],
  ['-x', ['-x: unknown flag']],
  ['--no-zap', ['--no-zap: unknown flag']],
  ['--format json', ['--format: is an option of once only']],
  ['--demo=maybe', ['--demo "maybe": expected true or false']],
  ['--docker.url x', ['--docker.url: unknown flag; did you mean --docker-url?']],
  ['--dockerUrl x', ['--dockerUrl: unknown flag; did you mean --docker-url?']],
];

for (const [line, problems] of stray) {
  test(`"${line}" is refused`, () => {
    const result = parse(line);
    assert.ok(result.kind === 'command');
    assert.deepEqual(result.problems, problems);
  });
}

test('help shows every command, flag, variable and default, and the examples', () => {
  const result = parse('--help');
  assert.ok(result.kind === 'text');
  const words = result.text.replaceAll(/\s+/g, ' ');
  for (const { flag, variables } of flaggedSettings) {
    for (const word of [`--${flag} `, ...variables]) assert.ok(words.includes(word), word);
  }
  assert.match(words, /tidegauge run Go on \[default\] tidegauge once Print the format tidegauge completion/);
  assert.match(words, /Examples: .*tidegauge once --format json print json/);
  assert.match(words, /\[default: otlp,prometheus\]/);
  assert.equal(words.match(/tidegauge --demo try it/g)?.length, 1);
});

test('help on a command shows its own options and examples', () => {
  const result = parse('once --help');
  assert.ok(result.kind === 'text');
  assert.match(result.text, /Of once:\n\s+--format\s+How to print/);
  assert.match(result.text, /tidegauge once --format json/);
  assert.doesNotMatch(result.text, /try it/);
});

test('the version is the program’s', () => {
  assert.deepEqual(parse('--version'), { kind: 'text', text: '1.2.3' });
});

test('completion prints a script, and completes commands and flags', () => {
  const script = parse('completion');
  assert.ok(script.kind === 'text' && script.text.includes('tidegauge --get-yargs-completions'));
  const commands = parse('--get-yargs-completions tidegauge o');
  assert.ok(commands.kind === 'text' && /^once(?::|$)/m.test(commands.text));
  const flags = parse('--get-yargs-completions tidegauge once --f');
  assert.ok(flags.kind === 'text' && /^--format(?::|$)/m.test(flags.text));
});

test('mistakes of the command line, of options and of settings are reported together, with exit code 2', async () => {
  const started = new TinyProcess();
  assert.equal(await started.run(['once', '--format', 'xml', '--interval', '5', '--foo', 'bar']), 2);
  assert.equal(started.stdout, '');
  assert.deepEqual(started.stderr.split('\n'), [
    'tidegauge: --foo: unknown flag',
    'tidegauge: --format "xml": expected one of table, json',
    'tidegauge: --interval "5": 5 ms is too short, expected at least 100ms; did you mean 5s?',
    '',
  ]);
});

test('a wrong profile, flag or option does not hide a wrong metric', async () => {
  const errorsOf = async (...args: string[]): Promise<string[]> => {
    const started = new TinyProcess();
    assert.equal(await started.run(args), 2);
    return started.stderr.trimEnd().split('\n');
  };
  assert.deepEqual(await errorsOf('--profile', 'semcov', '--metric', 'container.cpu.tme,container.uptime'), [
    'tidegauge: --profile "semcov": expected one of semconv, docker_exporter, docker_stats, cadvisor; ' +
      'did you mean semconv?',
    'tidegauge: --metric "container.cpu.tme": no metric that can be switched in any profile; ' +
      'did you mean container.cpu.time?',
  ]);
  assert.deepEqual(await errorsOf('--foo', '--profile', 'docker_stats', '--metric', '!nowhere'), [
    'tidegauge: --foo: unknown flag',
    'tidegauge: --metric "nowhere": no metric that can be switched in docker_stats',
  ]);
});

test('an answer goes to standard output alone, with exit code 0', async () => {
  const started = new TinyProcess();
  assert.equal(await started.run(['once', '--format', 'JSON', '--min-probe-interval', '1m']), 0);
  assert.equal(started.stdout, 'json\n');
  assert.equal(started.stderr, '');
  assert.deepEqual(started.messages, ['--min-probe-interval 60000ms: lowered to --interval, 10000ms']);
  assert.equal(await started.run(['--version']), 0);
  assert.equal(started.stdout, 'json\n1.2.3\n');
});
