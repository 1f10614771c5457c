import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { waitUntil } from '../support/real/daemon.ts';
import { startCollector, type Collector } from '../support/real/collector.ts';
import { componentPath, skipUnless } from '../support/real/component.ts';
import { promtoolCheckMetrics, startPrometheus } from '../support/real/prometheus.ts';
import { decodeOtlp, parseOpenMetrics, parsePrometheusText } from '../support/real/python.ts';
import { startEngine, type EngineVersion } from '../support/real/real-engine.ts';

const run = promisify(execFile);

// A point each for the name and the value, as every OTLP/JSON sender may write it.
function post(collector: Collector, name: string, value: number): Promise<Response> {
  const dataPoints = [{ asInt: String(value), timeUnixNano: String(Date.now() * 1_000_000) }];
  const scopeMetrics = [{ metrics: [{ name, unit: 'By', gauge: { dataPoints } }] }];
  const attributes = [{ key: 'container.name', value: { stringValue: 'web' } }];
  return fetch(`${collector.otlpUrl}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics }] }),
  });
}

// For waitUntil: true or not yet.
function isGone(path: string): Promise<true | undefined> {
  return access(path).then(
    () => undefined,
    () => true,
  );
}

async function metricNames(collector: Collector, count: number): Promise<string[]> {
  const requests = await collector.waitForExport((seen) => seen.length >= count);
  return requests
    .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
    .flatMap(({ scopeMetrics = [] }) => scopeMetrics)
    .flatMap(({ metrics = [] }) => metrics)
    .map(({ name }) => name);
}

const runtimes = { concurrency: true, skip: skipUnless('engine-20.10', 'engine-current') };

suite('real runtimes', runtimes, () => {
  const versions: readonly [EngineVersion, string][] = [
    ['20.10', '1.41'],
    ['current', '1.56'],
  ];
  for (const [version, apiVersion] of versions) {
    test(`${version} runs a container, outlives kill and stop, and leaves nothing behind`, async () => {
      const runtime = await startEngine(version);
      try {
        assert.equal(runtime.apiVersion, apiVersion);
        const id = await runtime.run('web', ['--memory=64m'], 'exec sleep 1000');
        assert.equal(await runtime.docker('ps', '--quiet', '--no-trunc'), id);
        const stats = await runtime.get('/containers/web/stats?stream=false&one-shot=true');
        assert.ok(typeof stats === 'object' && stats !== null && 'memory_stats' in stats);
        await runtime.kill();
        await assert.rejects(runtime.get('/_ping'));
        await runtime.start();
        assert.equal(await runtime.docker('inspect', '--format', '{{.State.Status}}', 'web'), 'exited');
        await runtime.stop();
        await runtime.start();
        await runtime.docker('start', 'web');
      } finally {
        await runtime[Symbol.asyncDispose]();
      }
      await assert.rejects(access(runtime.directory), { code: 'ENOENT' });
    });

    test(`${version} gives containers an interface when it has a bridge`, async () => {
      await using runtime = await startEngine(version, { bridge: true });
      await runtime.run('server', [], 'while true; do echo pong | nc -l -p 7000; done');
      const server = await runtime
        .docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', 'server')
        .catch(() =>
          // The newest API has addresses only by network.
          runtime.docker('inspect', '--format', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'server'),
        );
      // A client that connects before the server has its response gets none.
      await runtime.run('client', [], `until nc ${server} 7000 </dev/null | grep pong; do :; done`);
      assert.equal(await runtime.docker('wait', 'client'), '0');
      assert.equal(await runtime.docker('logs', 'client'), 'pong');
    });
  }
});

suite('engines that nobody ended', runtimes, () => {
  test('what a crashed test left is removed by the next start of a runtime', async () => {
    const script = `
      import { startEngine } from ${JSON.stringify(import.meta.resolve('../support/real/real-engine.ts'))};
      const runtime = await startEngine('current', { bridge: true });
      await runtime.run('web', [], 'exec sleep 1000');
      process.stdout.write(runtime.directory);
      process.kill(process.pid, 'SIGKILL');`;
    const crash: unknown = await run(process.execPath, ['--input-type=module', '--eval', script]).catch(
      (error: unknown) => error,
    );
    assert.ok(crash instanceof Error && 'signal' in crash && 'stdout' in crash);
    assert.equal(crash.signal, 'SIGKILL');
    const directory = String(crash.stdout);
    await using runtime = await startEngine('20.10');
    assert.equal(runtime.apiVersion, '1.41');
    // A test beside this one may be the one that removes it.
    await waitUntil(`${directory} to go`, () => isGone(directory));
  });

  test('a runtime whose directory is removed while it is dead takes its containers along', async () => {
    const runtime = await startEngine('current');
    await runtime.run('web', [], 'exec sleep 1000');
    const pid = Number(await runtime.docker('inspect', '--format', '{{.State.Pid}}', 'web'));
    await runtime.kill();
    process.kill(pid, 0);
    await runtime[Symbol.asyncDispose]();
    await assert.rejects(access(runtime.directory), { code: 'ENOENT' });
    await waitUntil('the container to end', () => isGone(`/proc/${pid}/exe`));
  });
});

const pipeline = { concurrency: true, skip: skipUnless('otelcol', 'prometheus') };

suite('real Collector', pipeline, () => {
  test('takes OTLP, writes it to the file and shows it to Prometheus', async () => {
    await using collector = await startCollector();
    assert.equal((await post(collector, 'container.memory.usage', 42)).status, 200);
    assert.deepEqual(await metricNames(collector, 1), ['container.memory.usage']);
    await using prometheus = await startPrometheus({ targets: [collector.prometheusUrl] });
    const [series] = await prometheus.waitFor('container_memory_usage_bytes');
    assert.equal(series?.value, 42);
    assert.equal(series.metric['container_name'], 'web');
    await waitUntil('its target to be up', async () => {
      return (await prometheus.targets()).map(({ health }) => health).join() === 'up';
    });
    assert.deepEqual(await prometheus.query('scalar(sum(container_memory_usage_bytes))'), [
      { metric: {}, value: 42 },
    ]);
    await assert.rejects(prometheus.query('sum('), /parse error/);
  });

  test('is at the same address after a stop, and its export goes on', async () => {
    await using collector = await startCollector();
    await post(collector, 'before', 1);
    await collector.stop();
    await assert.rejects(post(collector, 'between', 2));
    await collector.start();
    await post(collector, 'after', 3);
    assert.deepEqual(await metricNames(collector, 2), ['before', 'after']);
  });
});

suite("Collector with a test's own configuration", pipeline, () => {
  test('runs, and says why it does not start', async () => {
    await using collector = await startCollector(`
receivers: { otlp: { protocols: { http: { endpoint: '\${env:OTLP_ENDPOINT}' } } } }
exporters: { nop: {}, otlphttp: { endpoint: http://127.0.0.1:1 } }
service: { pipelines: { metrics: { receivers: [otlp], exporters: [nop] } } }`);
    assert.equal((await post(collector, 'unseen', 1)).status, 200);
    await assert.rejects(startCollector('receivers: { unheard-of: {} }'), /unheard-of/);
  });

  test(
    'has the docker_stats receiver, which watches a real runtime',
    { skip: skipUnless('engine-20.10') },
    async () => {
      await using runtime = await startEngine('20.10');
      await runtime.run('web', [], 'exec sleep 1000');
      await using collector = await startCollector({
        env: { DOCKER_URL: runtime.url },
        config: `
receivers: { docker_stats: { endpoint: '\${env:DOCKER_URL}', api_version: '1.41', collection_interval: 1s } }
exporters: { file: { path: '\${env:EXPORT_FILE}', flush_interval: 50ms } }
service: { pipelines: { metrics: { receivers: [docker_stats], exporters: [file] } } }`,
      });
      assert.ok((await metricNames(collector, 1)).includes('container.memory.usage.total'));
    },
  );
});

suite('what is missing', { concurrency: true }, () => {
  const script = `
    import { skipUnless } from ${JSON.stringify(import.meta.resolve('../support/real/component.ts'))};
    process.stdout.write(String(skipUnless('helm', 'python', 'engine-current')));`;
  const ask = (env: Readonly<Record<string, string>>): Promise<{ stdout: string }> =>
    run(process.execPath, ['--input-type=module', '--eval', script], { env: { ...process.env, ...env } });

  test('is told with the cure, once each', async () => {
    const { stdout } = await ask({ TIDEGAUGE_CACHE: '/nowhere', E2E: '' });
    assert.match(
      stdout,
      /^\/nowhere\/bin\/helm-v.* is missing: run test\/components\/install\.sh; .*python.*; .*dockerd/,
    );
  });

  test('fails the run when E2E=required', async () => {
    await assert.rejects(
      ask({ TIDEGAUGE_CACHE: '/nowhere', E2E: 'required' }),
      /E2E=required, but \/nowhere/,
    );
  });
});

suite('judges', { concurrency: true, skip: skipUnless('promtool', 'python', 'helm') }, () => {
  const counter = '# HELP requests_total All requests.\n# TYPE requests_total counter\n';

  test('promtool finds nothing in a good exposition, and says what is wrong with others', async () => {
    assert.deepEqual(await promtoolCheckMetrics(`${counter}requests_total 1\n`), {
      exitCode: 0,
      findings: [],
    });
    const untidy = await promtoolCheckMetrics('# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n');
    assert.equal(untidy.exitCode, 3);
    assert.match(untidy.findings.join(), /a_total non-counter metrics should not have "_total" suffix/);
    assert.equal((await promtoolCheckMetrics('not an exposition\n')).exitCode, 1);
  });

  test('prometheus-client parses the text format', async () => {
    const [family] = await parsePrometheusText(`${counter}requests_total{code="a\\"b"} NaN 1500\n`);
    assert.deepEqual(family, {
      name: 'requests',
      type: 'counter',
      unit: '',
      help: 'All requests.',
      samples: [{ name: 'requests_total', labels: { code: 'a"b' }, value: NaN, timestamp: 1.5 }],
    });
  });

  test('prometheus-client parses OpenMetrics, and refuses what is none', async () => {
    const [family] = await parseOpenMetrics(
      '# TYPE t_seconds gauge\n# UNIT t_seconds seconds\nt_seconds +Inf\n# EOF\n',
    );
    assert.equal(family?.unit, 'seconds');
    assert.equal(family.samples[0]?.value, Infinity);
    await assert.rejects(parseOpenMetrics('a 1\n'), /Missing # EOF/);
  });

  test('opentelemetry-proto decodes a protobuf body', async () => {
    // resource_metrics { resource { attributes { key: "a" value { string_value: "b" } } } }
    const body = Buffer.from('0a0c0a0a0a080a016112030a0162', 'hex');
    const attributes = [{ key: 'a', value: { stringValue: 'b' } }];
    assert.deepEqual(await decodeOtlp(body), { resourceMetrics: [{ resource: { attributes } }] });
    await assert.rejects(decodeOtlp(Buffer.from('ffff', 'hex')), /not otlp: .*DecodeError/);
  });

  test('helm answers', async () => {
    const { stdout } = await run(componentPath('helm'), ['version', '--short']);
    assert.match(stdout, /^v3\./);
  });
});
