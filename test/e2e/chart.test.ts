import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  chartNodeOptions,
  lintChart,
  loadRendered,
  renderChart,
  renderNotes,
  type PodContainer,
} from '../support/real/chart.ts';
import { skipUnless } from '../support/real/component.ts';
import { namedSettings } from '../../src/config/settings/settings.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const options = { concurrency: true, skip: skipUnless('helm') };

suite('Helm chart', options, () => {
  test('passes the strict lint', async () => {
    await lintChart();
  });

  test('gives the agent no more than it needs', async () => {
    const { pod, container, manifests } = await renderChart();
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
      supplementalGroups: [0],
    });
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const account = manifests.find((manifest) => manifest.kind === 'ServiceAccount');
    assert.equal(account?.automountServiceAccountToken, false);
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.enableServiceLinks, false);
    assert.equal(pod.hostNetwork ?? pod.hostPID, undefined);
  });

  test('needs no rights in the cluster', async () => {
    const { manifests } = await renderChart();
    const kinds = manifests.map(({ kind }) => kind);
    assert.deepEqual(kinds, ['ServiceAccount', 'ConfigMap', 'Service', 'DaemonSet']);
  });
});

suite('sockets in the Helm chart', options, () => {
  test("mounts the socket's directory, never the socket", async () => {
    const { pod, container } = await renderChart('--set=docker.socketDirectory=/run/podman');
    assert.deepEqual(pod.volumes[1], {
      name: 'socket-directory',
      hostPath: { path: '/run/podman', type: 'Directory' },
    });
    assert.deepEqual(container.volumeMounts.slice(0, 2), [
      { name: 'config', mountPath: '/etc/tidegauge', readOnly: true },
      { name: 'socket-directory', mountPath: '/host/run', readOnly: true },
    ]);
  });

  test("mounts the node's cgroup tree and /proc, where the agent finds them, unless that is off", async () => {
    const { pod, container } = await renderChart('--set=kernelFiles.cgroup=/cgroup');
    assert.deepEqual(pod.volumes.slice(2), [
      { name: 'cgroup', hostPath: { path: '/cgroup', type: 'Directory' } },
      { name: 'proc', hostPath: { path: '/proc', type: 'Directory' } },
    ]);
    assert.deepEqual(container.volumeMounts.slice(2), [
      { name: 'cgroup', mountPath: '/host/sys/fs/cgroup', readOnly: true },
      { name: 'proc', mountPath: '/host/proc', readOnly: true },
    ]);
    const without = await renderChart('--set=kernelFiles.enabled=false');
    assert.equal(without.pod.volumes.length, 2);
    assert.equal(without.container.volumeMounts.length, 2);
  });

  test('mounts nothing of the node for a runtime on the network', async () => {
    const { pod, config } = await renderChart('--set=docker.urls={tcp://127.0.0.1:2375}');
    assert.equal(pod.volumes.length, 1);
    assert.deepEqual(config, { docker_url: ['tcp://127.0.0.1:2375'], exporter: ['prometheus'] });
  });

  test('lets the groups of sockets in', async () => {
    const { pod } = await renderChart('--set=docker.socketGroups={998,999}');
    assert.deepEqual(pod.securityContext.supplementalGroups, [998, 999]);
  });
});

suite('nodes and probes in the Helm chart', options, () => {
  test('runs on every Linux node, and rolls out a part at a time', async () => {
    const { pod, daemonSet } = await renderChart();
    assert.deepEqual(pod.nodeSelector, { 'kubernetes.io/os': 'linux' });
    assert.deepEqual(pod.tolerations, [{ operator: 'Exists' }]);
    assert.deepEqual(daemonSet.updateStrategy, {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '10%' },
    });
  });

  test('probes the event loop and the runtimes', async () => {
    const { container, manifests } = await renderChart(
      '--set=listen.port=9500,probes.liveness.periodSeconds=20',
    );
    assert.deepEqual(container.livenessProbe, {
      httpGet: { path: '/healthz', port: 'metrics' },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 3,
    });
    assert.deepEqual(container.readinessProbe, {
      httpGet: { path: '/readyz', port: 'metrics' },
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: 3,
    });
    assert.equal(valueOf(container, 'OTEL_EXPORTER_PROMETHEUS_PORT'), '9500');
    const service = manifests.find((manifest) => manifest.kind === 'Service');
    assert.equal(service?.spec.clusterIP, 'None');
    assert.deepEqual(service.spec.ports, [{ name: 'metrics', port: 9500, targetPort: 'metrics' }]);
  });
});

suite('configuration by the Helm chart', options, () => {
  test('names the node before what refers to it', async () => {
    const { container } = await renderChart(
      '--set=resourceAttributes.k8s\\.cluster\\.name=my cluster',
      '--set=otlp.endpoint=http://$(NODE_IP):4318',
    );
    assert.deepEqual(container.env.slice(0, 2), [
      { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'NODE_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
    ]);
    assert.equal(
      valueOf(container, 'OTEL_RESOURCE_ATTRIBUTES'),
      'k8s.node.name=$(NODE_NAME),k8s.cluster.name=my%20cluster',
    );
    assert.equal(valueOf(container, 'OTEL_EXPORTER_OTLP_ENDPOINT'), 'http://$(NODE_IP):4318');
  });

  test('reaches the agent as its file', async () => {
    const chart = await renderChart('--set=config.interval=30s,config.profile={semconv,docker_exporter}');
    assert.deepEqual(chart.container.args, ['run', '--config', '/etc/tidegauge/config.yaml']);
    const { config, warnings } = loadRendered(chart);
    assert.deepEqual(warnings, []);
    assert.partialDeepStrictEqual(config, {
      dockerUrl: ['unix:///host/run/docker.sock'],
      exporter: ['prometheus'],
      intervalMillis: 30_000,
      profile: ['semconv', 'docker_exporter'],
    });
  });

  test('pushes as soon as it knows where, by value or by variable', async () => {
    const byValue = await renderChart('--set=otlp.endpoint=http://collector:4318');
    assert.equal(byValue.config['exporter'], undefined);
    const byVariable = await renderChart(
      '--set=extraEnv[0].name=OTEL_EXPORTER_OTLP_ENDPOINT,extraEnv[0].value=http://c',
    );
    assert.equal(byVariable.config['exporter'], undefined);
  });

  test('takes headers from a secret alone', async () => {
    const { container } = await renderChart(
      '--set=otlp.headersSecret.name=vendor,otlp.headersSecret.key=headers',
    );
    const variable = container.env.find(({ name }) => name === 'OTEL_EXPORTER_OTLP_HEADERS');
    assert.deepEqual(variable?.valueFrom, { secretKeyRef: { name: 'vendor', key: 'headers' } });
  });

  test('speaks of nothing that the agent does not know', async () => {
    const { container, config } = await renderChart(
      '--set=otlp.endpoint=http://c,otlp.headersSecret.name=a,otlp.headersSecret.key=b',
    );
    const known = namedSettings.flatMap(({ fileKey, variables }) => [fileKey, ...variables]);
    const names = [...Object.keys(config), ...container.env.map(({ name }) => name)];
    const unknown = names.filter((name) => !known.includes(name) && !name.startsWith('NODE_'));
    assert.deepEqual(unknown, []);
  });

  test('restarts the agents when it changes, and only then', async () => {
    const checksum = async (...args: string[]): Promise<string | undefined> =>
      (await renderChart(...args)).daemonSet.template.metadata.annotations['checksum/config'];
    const before = await checksum();
    assert.notEqual(await checksum('--set=config.interval=30s'), before);
    assert.equal(await checksum('--set=service.enabled=false'), before);
  });
});

suite('image and heap in the Helm chart', options, () => {
  for (const [limit, heap] of [
    ['256Mi', '153'],
    ['1.5Gi', '921'],
    ['500M', '286'],
  ]) {
    test(`leaves room beside Node's heap within ${limit}`, async () => {
      const { container } = await renderChart(`--set=resources.limits.memory=${limit}`);
      assert.equal(valueOf(container, 'NODE_OPTIONS'), `--max-old-space-size=${heap}`);
    });
  }

  test('gives by default the heap with which the agent is attacked in test/faults', async () => {
    const { container } = await renderChart();
    assert.equal(valueOf(container, 'NODE_OPTIONS'), await chartNodeOptions());
  });

  test('leaves the heap to Node without a limit, and to the user who says so', async () => {
    const { container: unlimited } = await renderChart('--set=resources.limits=null');
    assert.equal(valueOf(unlimited, 'NODE_OPTIONS'), undefined);
    const { container: chosen } = await renderChart(
      '--set=extraEnv[0].name=NODE_OPTIONS,extraEnv[0].value=--no-warnings',
    );
    assert.equal(chosen.env.filter(({ name }) => name === 'NODE_OPTIONS').length, 1);
    assert.equal(valueOf(chosen, 'NODE_OPTIONS'), '--no-warnings');
  });

  test('takes the image by tag or by digest', async () => {
    // As .github/workflows/release.yml publishes it.
    const { container: released } = await renderChart();
    assert.match(released.image, /^ghcr\.io\/tidegauge\/tidegauge:\d+\.\d+\.\d+$/);
    const { container: tagged } = await renderChart('--set=image.repository=r.example/t,image.tag=v2');
    assert.equal(tagged.image, 'r.example/t:v2');
    const { container: pinned } = await renderChart(
      `--set=image.repository=r.example/t,image.tag=v2,image.digest=${digest}`,
    );
    assert.equal(pinned.image, `r.example/t@${digest}`);
  });
});

suite('mistakes in the values of the Helm chart', options, () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['sokcet=/run', /'sokcet' not allowed/],
    ['docker.socketDir=/run', /'socketDir' not allowed/],
    ['securityContext.readOnlyRootFS=true', /'readOnlyRootFS' not allowed/],
    ['image.pullPolicy=Sometimes', /at '\/image\/pullPolicy'/],
    ['image.digest=latest', /at '\/image\/digest'/],
    ['listen.port=80', /at '\/listen\/port'/],
    ['otlp.endpoint=collector:4317', /at '\/otlp\/endpoint'/],
    ['otlp.headersSecret.name=vendor', /otlp\.headersSecret\.key/],
    ['resources.limits.memory=256MB', /at '\/resources\/limits\/memory'/],
    ['docker.socketDirectory=/run/docker.sock', /is a socket; give the directory/],
    ['docker.urls={unix:///var/run/docker.sock}', /not below \/host\/run/],
    ['config.listen=:9417', /config\.listen: set listen\.host and listen\.port instead/],
    ['config.docker_url=unix:///x', /config\.docker_url: set docker.urls instead/],
    ['extraEnv[0].name=OTEL_RESOURCE_ATTRIBUTES', /the chart itself sets OTEL_RESOURCE_ATTRIBUTES/],
  ];
  for (const [value, message] of mistakes) {
    test(`names ${value}`, async () => {
      await assert.rejects(renderChart(`--set=${value}`), message);
    });
  }
});

suite('notes of the Helm chart', options, () => {
  test('say how to look, and what may be missing', async () => {
    const notes = await renderNotes('--namespace=monitoring');
    for (const expected of [
      'kubectl -n monitoring rollout status daemonset/release-tidegauge',
      'curl http://127.0.0.1:9417/metrics',
      'Nothing is pushed: otlp.endpoint is empty.',
      'kubectl label namespace monitoring pod-security.kubernetes.io/enforce=privileged',
      'docker.socketGroups',
      'containerd or CRI-O',
    ]) {
      assert.ok(notes.includes(expected), `"${expected}" is not in:\n${notes}`);
    }
  });

  test('leave out what does not apply', async () => {
    const notes = await renderNotes(
      '--set=otlp.endpoint=http://collector:4318,docker.urls={tcp://127.0.0.1:2375}',
    );
    assert.doesNotMatch(notes, /Nothing is pushed|pod-security|socketGroups|\n\n\n/);
  });
});

function valueOf(container: PodContainer, name: string): string | undefined {
  return container.env.find((variable) => variable.name === name)?.value;
}
