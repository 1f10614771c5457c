import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAgent } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import { interfaceCounters } from '../support/real/interface-counters.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';
import { engineVersions } from '../support/real/scene.ts';

const options = { concurrency: true, skip: skipUnless('engine-20.10', 'engine-current') };
const sent = 3_000_000;
/** A file that the receiving container makes when all has arrived. */
const received = '/received';

suite('network figures', options, () => {
  for (const version of engineVersions) {
    test(`${version}: counters are the kernel's, seen from outside the container`, async () => {
      await using runtime = await startEngine(version, { bridge: true });
      const pid = await transfer(runtime);
      await using agent = await startAgent({
        args: [`--docker-url=${runtime.url}`, '--exporter=prometheus', '--min-probe-interval=100ms'],
      });
      const before = await interfaceCounters(pid);
      const shown = await agent.afterNextProbe();
      const after = await interfaceCounters(pid);
      const counter = (metric: string, direction: string): number =>
        shown.value(metric, {
          container_name: 'sink',
          network_interface_name: 'eth0',
          network_io_direction: direction,
        }) ?? NaN;
      const [bytes, packets] = ['container_network_io_bytes_total', 'container_network_packet_count_total'];
      assert.ok(counter(bytes, 'receive') >= sent);
      const ways = ['receive', 'transmit'] as const;
      const ours = ways.flatMap((way) => [counter(bytes, way), counter(packets, way)]);
      // Neighbours' multicast may come in at any time.
      ours.forEach((value, index) => {
        const [min = NaN, max = NaN] = [before[index], after[index]];
        assert.ok(value >= min && value <= max, `${ours.join()} not in ${before.join()} to ${after.join()}`);
      });
    });
  }
});

suite('a shared network', options, () => {
  for (const version of engineVersions) {
    test(`${version}: is counted at its owner alone, and who joined it names the owner`, async () => {
      await using runtime = await startEngine(version, { bridge: true });
      await runtime.run('vpn', [], 'exec sleep 1000');
      await runtime.run('client', ['--network=container:vpn'], 'exec sleep 1000');
      const ownerId = await runtime.docker('inspect', '--format={{.Id}}', 'vpn');
      await using agent = await startAgent({
        args: [`--docker-url=${runtime.url}`, '--exporter=prometheus', '--min-probe-interval=100ms'],
      });
      const shown = await agent.afterNextProbe();
      const counted = shown
        .all('container_network_io_bytes_total')
        .map(({ labels }) => labels['container_name']);
      assert.deepEqual([...new Set(counted)], ['vpn']);
      const owners = shown
        .all('container_info')
        .map(({ labels }) => [labels['container_name'], labels['container_network_owner_id']]);
      assert.deepEqual(Object.fromEntries(owners), { client: ownerId, vpn: undefined });
      assert.equal(shown.value('tidegauge_metrics_missing', { reason: 'shared-network' }), 1);
    });
  }
});

/** Lets one container receive a file from another, and gives the receiver's process. */
async function transfer(runtime: RealEngine): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  await runtime.run('pump', [], `head -c ${sent} /dev/zero >/file; exec httpd -f -p 7000 -h /`);
  const address = await runtime.docker('inspect', `--format=${format}`, 'pump');
  const fetchFile = `wget -q -O /dev/null http://${address}:7000/file`;
  await runtime.run('sink', [], `until ${fetchFile}; do :; done; : >${received}; exec sleep 1000`);
  await runtime.untilFile('sink', received);
  return await runtime.docker('inspect', '--format={{.State.Pid}}', 'sink');
}
