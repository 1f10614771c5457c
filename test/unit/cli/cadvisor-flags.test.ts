import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cadvisorFlags, defaultGroups } from '../../../src/cli/cadvisor-flags.ts';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { cadvisorCommand } from '../../../src/cli/commands/cadvisor.ts';
import { commands } from '../../../src/cli/program.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { Config } from '../../../src/config/settings/settings.ts';

const fixture = readFileSync(join(import.meta.dirname, '../../fixtures/cadvisor-flags.txt'), 'utf8');
const recorded = fixture
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [name = '', kind = '', ...byDefault] = line.split(' ');
    return { name, kind, byDefault: byDefault.join(' ') };
  });

/** The outcome of one command line. */
interface Outcome {
  readonly config: Config | undefined;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

function read(line: string, environment: Record<string, string> = {}, file = ''): Outcome {
  const args = line.split(' ').filter(Boolean);
  const own = cadvisorCommand.readArguments?.(args, '1.2.3');
  assert.ok(typeof own === 'object');
  const { flags, given, defaults, warnings } = own;
  const readFile = (): string => file;
  try {
    const { config } = loadConfig({ flags, environment, given, defaults, readFile });
    return { config, warnings, problems: own.problems };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: undefined, warnings, problems: [...own.problems, ...error.problems] };
  }
}

function configOf(line: string, environment?: Record<string, string>, file?: string): Config {
  const { config, problems } = read(line, environment, file);
  assert.deepEqual(problems, []);
  assert.ok(config);
  return config;
}

test('every flag of cAdvisor has a declaration of its kind, and each declaration is one', () => {
  assert.ok(recorded.length > 80);
  const ours = new Map(cadvisorFlags.map(({ name, kind }) => [name, kind]));
  const theirs = recorded.filter(({ name }) => name !== 'version');
  for (const { name, kind } of theirs) assert.equal(ours.get(name), kind, name);
  const former = ['mesos_agent', 'mesos_agent_timeout'];
  assert.equal(ours.size, cadvisorFlags.length, 'each once');
  assert.deepEqual(new Set(ours.keys()), new Set([...theirs.map(({ name }) => name), ...former]));
});

test('cAdvisor’s own defaults, written out, are no mistake and change nothing', () => {
  const line = recorded
    .filter(({ name, byDefault }) => byDefault !== '' && !/^(?:docker|podman)$/.test(name))
    .map(({ name, byDefault }) => `--${name}=${byDefault}`);
  const { config, problems } = read(line.join(' '));
  assert.deepEqual(problems, []);
  assert.deepEqual(config, configOf(''));
});

test('without a flag it serves what cAdvisor serves where it does, and pushes nothing', () => {
  const config = configOf('');
  assert.deepEqual(config.listen, { host: '::', port: 8080 });
  assert.deepEqual(config.profile, ['cadvisor']);
  assert.deepEqual(config.exporter, ['prometheus']);
  assert.equal(config.metricsPath, '/metrics');
  assert.equal(config.minProbeIntervalMillis, 1000);
  assert.deepEqual(config.cadvisorLabel, ['all']);
  assert.equal(config.cadvisorGroup.join(), defaultGroups);
  const [, off = ''] = /^disable_metrics string (.*)$/m.exec(fixture) ?? [];
  assert.deepEqual(
    off.split(',').filter((group) => defaultGroups.split(',').includes(group)),
    [],
  );
});

test('help names every flag, and labels whole', () => {
  const help = cadvisorCommand.readArguments?.(['--help'], '1.2.3');
  assert.ok(typeof help === 'string');
  for (const { name } of cadvisorFlags) assert.ok(help.includes(`--${name}`), name);
  assert.match(help, / container_env_\*/);
  assert.doesNotMatch(help, /`|\*\*/);
});

describe('settings stay usable', () => {
  test('an endpoint in a variable, the file or a flag asks for pushes', () => {
    const endpoint = 'http://collector:4318';
    const both = ['otlp', 'prometheus'];
    assert.deepEqual(configOf('', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).exporter, both);
    assert.deepEqual(configOf('--config=f', {}, `otlp_endpoint: ${endpoint}`).exporter, both);
    assert.deepEqual(configOf(`--otlp-endpoint=${endpoint}`).exporter, both);
    assert.deepEqual(configOf('', { OTEL_METRICS_EXPORTER: 'console' }).exporter, ['console']);
  });

  test('cAdvisor’s flags win over variables and the file, and our own flags over those', () => {
    const environment = { OTEL_EXPORTER_PROMETHEUS_PORT: '1', TIDEGAUGE_METRICS_PATH: '/a' };
    assert.equal(configOf('', environment).listen.port, 1);
    assert.equal(configOf('--port=2', environment).listen.port, 2);
    assert.equal(configOf('--port=2 --listen=:3', environment).listen.port, 3);
    assert.equal(configOf('', environment).metricsPath, '/a');
    assert.equal(configOf('--prometheus_endpoint=/b', environment).metricsPath, '/b');
    assert.equal(configOf('--config=f', {}, 'metrics_path: /c').metricsPath, '/c');
  });

  test('the port of a flag and the address of a variable go together', () => {
    const environment = { OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1' };
    assert.deepEqual(configOf('--port=9000', environment).listen, { host: '127.0.0.1', port: 9000 });
    assert.deepEqual(configOf('--listen_ip=::1', environment).listen, { host: '::1', port: 8080 });
    assert.deepEqual(configOf('--listen_ip=', environment).listen.host, '127.0.0.1');
  });

  test('the port of a flag keeps the address of the file, and an address its port', () => {
    const file = 'listen: 127.0.0.1:8081';
    assert.deepEqual(configOf('--config=f --port=9000', {}, file).listen, { host: '127.0.0.1', port: 9000 });
    assert.deepEqual(configOf('--config=f --listen_ip=::1', {}, file).listen, { host: '::1', port: 8081 });
    assert.deepEqual(configOf('--config=f --listen=:3', {}, file).listen, { host: '::', port: 3 });
  });
});

describe('a flag is read by its meaning', () => {
  for (const [line, expected] of [
    ['--housekeeping_interval=30s', { intervalMillis: 30_000, minProbeIntervalMillis: 15_000 }],
    ['--housekeeping_interval=5s', { intervalMillis: 10_000, minProbeIntervalMillis: 2_500 }],
    ['--housekeeping_interval=100ms', { minProbeIntervalMillis: 1_000 }],
    ['--url_base_prefix=/', { pathPrefix: undefined }],
    ['--url_base_prefix=/a/b', { pathPrefix: '/a/b' }],
    ['--docker=', { dockerUrl: undefined }],
    ['--podman=', { dockerUrl: undefined }],
    ['--docker= --podman=unix:///p', { dockerUrl: ['unix:///p'] }],
    ['--docker=tcp://a:1 --podman=', { dockerUrl: ['tcp://a:1'] }],
    ['--docker=tcp://a:1', { dockerUrl: ['tcp://a:1'] }],
    ['--podman=unix:///p', { dockerUrl: ['unix:///p'] }],
    ['--store_container_labels', { cadvisorLabel: ['all'] }],
    ['--store_container_labels=false', { cadvisorLabel: ['none'] }],
    ['--store_container_labels=0 --whitelisted_container_labels=a.b,,c', { cadvisorLabel: ['a.b', 'c'] }],
    ['--env_metadata_whitelist=A,B_', { cadvisorEnv: ['A', 'B_'] }],
    ['--docker_env_metadata_whitelist=A', { cadvisorEnv: ['A'] }],
    ['--enable_metrics=cpu,diskIO', { cadvisorGroup: ['cpu', 'diskIO'] }],
    ['--enable_metrics=cpu --disable_metrics=cpu', { cadvisorGroup: ['cpu'] }],
    ['--disable_metrics=', { cadvisorGroup: ['all'] }],
    ['-v=2', { logLevel: 'info' }],
    ['-v 4', { logLevel: 'debug' }],
    ['-v=10', { logLevel: 'trace' }],
  ] as const) {
    test(line, () => {
      const config = configOf(line);
      for (const [key, value] of Object.entries(expected))
        assert.deepEqual(Object.entries(config).find(([each]) => each === key)?.[1], value, key);
    });
  }

  test('of the flags for variables the first counts, wherever it stands', () => {
    const first = '--env_metadata_whitelist=A';
    for (const other of ['docker_env_metadata_whitelist', 'containerd_env_metadata_whitelist']) {
      for (const line of [`--${other}=B ${first}`, `${first} --${other}=B`]) {
        assert.deepEqual(configOf(line).cadvisorEnv, ['A'], line);
        assert.deepEqual(read(line).warnings, [`--${other}: does nothing beside --env_metadata_whitelist`]);
      }
      assert.deepEqual(configOf(`--${other}=B --env_metadata_whitelist=`).cadvisorEnv, ['B']);
    }
    const both = '--containerd_env_metadata_whitelist=B --docker_env_metadata_whitelist=C';
    assert.deepEqual(configOf(both).cadvisorEnv, ['C']);
  });

  test('groups that are disabled leave all others, those that are off by default among them', () => {
    const { cadvisorGroup } = configOf('--disable_metrics=percpu,tcp');
    assert.ok(cadvisorGroup.includes('process') && cadvisorGroup.includes('cpu'));
    assert.ok(!cadvisorGroup.includes('percpu') && !cadvisorGroup.includes('tcp'));
  });

  test('TLS takes the three files, as cAdvisor names them by default', () => {
    const { problems } = read('--docker-tls --docker-tls-ca=/ca');
    assert.deepEqual(problems, [
      '--docker-tls-ca "/ca": is not a PEM file',
      '--docker-tls "cert.pem": is not a PEM file',
      '--docker-tls "key.pem": is not a PEM file',
    ]);
    assert.deepEqual(read('--docker-tls-ca=/ca').warnings, [
      '--docker-tls-ca: does nothing without --docker-tls',
    ]);
  });
});

test('the command takes all that stands behind its name, and must stand first', () => {
  const program = { commands, version: '1.2.3' };
  const line = parseCommandLine(['cadvisor', '--logtostderr', '--port', '1'], program);
  assert.ok(line.kind === 'command');
  assert.deepEqual([line.command.name, line.problems], ['cadvisor', []]);
  assert.deepEqual(
    line.own?.given.map(({ name, raw }) => [name, raw]),
    [['--port', '1']],
  );
  assert.deepEqual(parseCommandLine(['cadvisor', '-version'], program), { kind: 'text', text: '1.2.3' });
  const help = parseCommandLine(['cadvisor', '--help'], program);
  assert.ok(help.kind === 'text');
  for (const { name } of cadvisorFlags) assert.ok(help.text.includes(`--${name}`), name);
  const late = parseCommandLine(['--demo', 'cadvisor'], program);
  assert.ok(late.kind === 'command');
  assert.deepEqual(late.problems, ['cadvisor: has arguments of its own, and stands before all of them']);
});

describe('what cannot be honoured', () => {
  test('is one line each where it has no meaning, whatever its value', () => {
    const unused = cadvisorFlags.filter(({ effect }) => effect === undefined);
    const good = { bool: 'true', int: '1', uint: '1', float: '1.5', duration: '1m', string: 'x' };
    for (const { name, kind } of unused) {
      const { warnings, problems } = read(`--${name}=${good[kind]}`);
      assert.deepEqual(problems, []);
      assert.equal(warnings.length, 1, name);
      assert.match(warnings[0] ?? '', new RegExp(`^--${name} has no meaning here: .{10,}[^.]$`));
    }
  });

  test('is said where the agent does the other thing always, and not where it does the same', () => {
    for (const line of ['--logtostderr', '--allow_dynamic_housekeeping=false', '-v=2'])
      assert.deepEqual(read(line).warnings, [], line);
    for (const line of ['--logtostderr=false', '--allow_dynamic_housekeeping'])
      assert.equal(read(line).warnings.length, 1, line);
  });

  test('chooses the rows of cgroups besides containers', () => {
    for (const [line, rows] of [
      ['', 'slices'],
      ['--docker_only', 'root'],
      ['--docker_only=false', 'slices'],
      ['--disable_root_cgroup_stats', 'none'],
      ['--docker_only --disable_root_cgroup_stats', 'none'],
      ['--disable_root_cgroup_stats=false', 'slices'],
      ['--docker_only --cgroup-rows=none', 'none'],
    ] as const)
      assert.equal(configOf(line).cgroupRows, rows, line);
  });

  test('is refused where a user relies on it', () => {
    for (const flag of ['http_auth_file', 'http_digest_file']) {
      const [problem, ...others] = read(`--${flag}=/etc/htpasswd`).problems;
      assert.match(
        problem ?? '',
        new RegExp(`^--${flag}: the agent asks nobody for a password; leave the flag`),
      );
      assert.deepEqual(others, []);
      assert.deepEqual(read(`--${flag}=`).problems, []);
    }
    assert.match(read('--docker=unix:///a --podman=unix:///b').problems.join(), /^--docker with --podman: /);
  });

  test('names a time that is refused as it was written', () => {
    assert.deepEqual(read('--housekeeping_interval=-5s').problems, [
      '--housekeeping_interval "-5s": expected 0 or more',
    ]);
    for (const time of ['9999h', '600h'])
      assert.deepEqual(read(`--housekeeping_interval=${time}`).problems, [
        `--housekeeping_interval "${time}": expected at most 24 days`,
      ]);
  });

  test('is found all at once, by the names that the user wrote', () => {
    const line =
      '--porrt=1 --port=99999 --listen_ip=%% --disable_metrics=memry --url_base_prefix=a --metric=nothing:';
    const { problems } = read(line);
    assert.deepEqual(
      problems.map((problem) => problem.replace(/:.*$/, '')),
      ['--porrt', '--disable_metrics "memry"', '--port "99999"', '--listen_ip "%%"', '--url_base_prefix "a"'],
    );
  });
});
