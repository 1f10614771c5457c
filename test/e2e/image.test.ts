import assert from 'node:assert/strict';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitUntil } from '../support/real/daemon.ts';
import { startAgent } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import { buildImage, listFiles } from '../support/real/image.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';
import { parseExposition, type Exposition } from '../support/wire/exposition.ts';

const repository = join(import.meta.dirname, '../..');
const imageName = 'tidegauge:test';
const agentName = 'agent';

test('the Dockerfile makes an image for any architecture alike', async () => {
  const lines = (await readFile(join(repository, 'Dockerfile'), 'utf8')).split('\n');
  const instructions = lines.filter((line) => !line.startsWith('#')).join('\n');
  const [build = '', base = '', compiled = '', image = ''] = instructions.split(/^FROM /m).slice(1);
  // Packages come for the machine that builds, and what they make is JavaScript.
  assert.match(build, /^--platform=\$\{BUILDPLATFORM:-linux\} /);
  assert.match(build, /^RUN npm run build /m);
  // The base is the target's, and what runs on it while it is built is its own Node.
  assert.match(base, /^\$\{BASE_IMAGE\} AS base$/m);
  assert.doesNotMatch(base, /^RUN /m);
  assert.match(compiled, /^base AS compiled$/m);
  assert.match(compiled, /^RUN \["node", /m);
  assert.match(image, /^base$/m);
  assert.doesNotMatch(image, /^RUN /m);
  assert.doesNotMatch(instructions, /amd64|arm64|x86_64|aarch64|@sha256:/);
});

test('image', { skip: skipUnless('engine-current') }, async (t) => {
  await using runtime = await startEngine('current', { bridge: true });
  await buildImage(runtime, repository, imageName);

  await t.test('holds the bundle and nothing else', async () => {
    const files = await listFiles(runtime, imageName, '/app');
    assert.ok(files.includes('/app/dist/main.js'), files.join('\n'));
    // No native code either, which would be of one architecture.
    assert.deepEqual(
      files.filter((file) => !/^\/app\/dist\/(?:.+\.(?:js|txt)$|compiled\/)/.test(file)),
      ['/app/package.json'],
    );
  });

  await t.test('starts with the code that its Node has compiled', async () => {
    // A terminal has what it writes to both of its outputs.
    const options = [
      '--rm',
      '--tty',
      '--read-only',
      '--network=none',
      '--env=NODE_DEBUG_NATIVE=COMPILE_CACHE',
    ];
    const printed = await runtime.docker('run', ...options, imageName, '--version');
    assert.match(printed, /V8 code cache for ESM \S+\/program-\w+\.js was accepted/);
  });

  await t.test(
    'starts without a shell, as nobody, with nothing of the build in its environment',
    async () => {
      const config: unknown = JSON.parse(
        await runtime.docker('image', 'inspect', '--format={{json .Config}}', imageName),
      );
      assert.partialDeepStrictEqual(config, {
        User: '65532:65532',
        Entrypoint: ['node', '/app/dist/main.js'],
        Cmd: ['run'],
        ExposedPorts: { '9417/tcp': {} },
        Env: [
          'PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          'OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0',
        ],
        Labels: {
          'org.opencontainers.image.title': 'Tidegauge',
          'org.opencontainers.image.licenses': 'Apache-2.0',
        },
        Healthcheck: { Test: ['CMD', 'node', '/app/dist/healthcheck.js'], Interval: 300e9 },
      });
    },
  );

  await runtime.run('web', [], 'exec sleep 1000');
  const address = await runAgent(runtime, agentName);

  await t.test('measures the runtime from a read-only root without any right', async () => {
    await waitUntil('readiness', async () => (await answer(`${address}/readyz`))?.ok || undefined);
    assert.equal((await answer(`${address}/healthz`))?.status, 200);
    assert.match((await (await answer(`${address}/metrics`))?.text()) ?? '', /container_name="web"/);
  });

  await t.test('has no user, capability or way to more but its own', async () => {
    const pid = await runtime.docker('inspect', '--format={{.State.Pid}}', agentName);
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
    assert.match(status, /^Gid:\t65532\t65532\t65532\t65532$/m);
    assert.match(status, /^CapEff:\t0{16}$/m);
    assert.match(status, /^CapBnd:\t0{16}$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
  });

  await t.test('becomes healthy', async () => {
    const attempt = async (): Promise<true | undefined> => {
      const health = await runtime.docker('inspect', '--format={{json .State.Health}}', agentName);
      return health.includes('"Status":"healthy"') || undefined;
    };
    // The runtime runs no check while it is busy.
    await waitUntil('health', attempt, 600_000);
  });

  await t.test('is healthy wherever it listens, and ill once it does not answer', async () => {
    const args = ['cadvisor', '--port=8099', '--docker=unix:///host/run/docker.sock'];
    const common = [...(await agentOptions(runtime)), '--health-timeout=2s', '--health-retries=1'];
    await runtime.docker('run', '--detach', '--init', '--name=elsewhere', ...common, imageName, ...args);
    const becomes = (status: string) =>
      waitUntil(
        status,
        async () => {
          const format = '--format={{.State.Health.Status}}';
          return (await runtime.docker('inspect', format, 'elsewhere')) === status || undefined;
        },
        600_000,
      );
    await becomes('healthy');
    const top = await runtime.docker('top', 'elsewhere', '-eo', 'pid,args');
    const pid = Number(/^\s*(\d+)\s+node \/app\/dist\/main\.js/m.exec(top)?.[1]);
    process.kill(pid, 'SIGSTOP');
    await becomes('unhealthy');
    process.kill(pid, 'SIGCONT');
    await becomes('healthy');
    await runtime.docker('rm', '--force', 'elsewhere');
  });

  await t.test('reads the kernel’s files by two mounts, in a cgroup namespace of its own', async () => {
    await runtime.pause('web');
    const inContainer = await runAgent(runtime, 'kernel-agent', [...hostTrees, ...ofTheKernel]);
    const args = [`--docker-url=${runtime.url}`, '--exporter=prometheus', '--usage-source=cgroup'];
    await using onHost = await startAgent({ args });
    const shown = async (url: string): Promise<readonly string[]> => {
      const text = (await (await answer(url))?.text()) ?? '';
      return usageOf(parseExposition(text), 'web');
    };
    // The kernel may charge a page to a container at any moment, be it paused.
    await waitUntil('the same values in the container and on the host', async () => {
      const [ours, theirs] = [await shown(`${inContainer}/metrics`), await shown(onHost.metricsUrl)];
      return (theirs.length > 10 && ours.join('\n') === theirs.join('\n')) || undefined;
    });
    await runtime.docker('rm', '--force', 'kernel-agent');
    await runtime.docker('unpause', 'web');
  });

  await t.test('says for each mount that is left out what that costs, and what cures it', async () => {
    const check = async (...mounts: readonly string[]): Promise<string> =>
      await runtime.docker(
        'run',
        '--rm',
        ...(await agentOptions(runtime)),
        ...mounts,
        imageName,
        'check',
        ...ofAgent,
      );
    assert.match(
      await check(...hostTrees),
      /usage of \d+ containers by the kernel's files: cgroup v[12] at \/host\/sys/,
    );
    const [cgroup, proc] = hostTrees;
    assert.match(await check(cgroup), /net\/dev cannot be read: .*-v \/proc:\/host\/proc:ro/);
    assert.match(
      await check(proc),
      /by the runtime's API: .*-v \/sys\/fs\/cgroup:\/host\/sys\/fs\/cgroup:ro/,
    );
  });

  await t.test('ends by itself when it is stopped', async () => {
    await runtime.docker('stop', '-t', '60', agentName);
    assert.equal(await runtime.docker('inspect', '--format={{.State.ExitCode}}', agentName), '0');
  });
});

const hostTrees = ['--volume=/sys/fs/cgroup:/host/sys/fs/cgroup:ro', '--volume=/proc:/host/proc:ro'] as const;
const ofAgent = ['--docker-url=unix:///host/run/docker.sock', '--exporter=prometheus'] as const;
const ofTheKernel = ['--cgroupns=private', '--env=TIDEGAUGE_USAGE_SOURCE=cgroup'] as const;

/** Options of the README's command. */
async function agentOptions(runtime: RealEngine): Promise<readonly string[]> {
  // A test's directory is for root alone; /var/run is not.
  await chmod(runtime.directory, 0o711);
  const { gid } = await stat(runtime.socket);
  return [
    '--read-only',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    // The image's own check, sooner than after a minute.
    '--health-interval=1s',
    `--group-add=${gid}`,
    `--volume=${runtime.directory}:/host/run:ro`,
  ];
}

/** Starts the agent by the README's command, with further options of the container, and gives the URL of its port. */
async function runAgent(runtime: RealEngine, name: string, options: readonly string[] = []): Promise<string> {
  const common = await agentOptions(runtime);
  await runtime.docker(
    'run',
    '--detach',
    `--name=${name}`,
    ...common,
    ...options,
    imageName,
    'run',
    ...ofAgent,
  );
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  return `http://${await runtime.docker('inspect', `--format=${format}`, name)}:9417`;
}

/** Series of a container that stand still while it is paused, as lines. */
function usageOf(exposition: Exposition, container: string): readonly string[] {
  return exposition
    .of(container)
    .filter(({ name }) => /^container_(?:cpu_time|memory|network|process|pressure|paging)/.test(name))
    .map(({ name, labels, value }) => `${name} ${JSON.stringify(labels)} ${value}`);
}

// Undefined while nothing listens.
async function answer(url: string): Promise<Response | undefined> {
  return await fetch(url).catch(() => undefined);
}
