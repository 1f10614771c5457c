import { markdownTable } from '../../src/metrics/listing.ts';
import { agrees, differenceOf, shareOf, skewMillis, tolerance, type Pair } from './compare.ts';
import { sharedWithCadvisor, type OnlyCadvisors } from './cadvisor.ts';
import { cadvisorIntroduction } from './notes.ts';
import { comparedMetrics, type SideBySide } from './scene.ts';

/** One side of a comparison, in words, and the metrics that it is about. */
interface Peer {
  readonly heading: string;
  readonly metrics: readonly string[];
}

const receiver: Peer = { heading: 'receiver', metrics: comparedMetrics };
const cadvisor: Peer = { heading: 'cAdvisor', metrics: sharedWithCadvisor };

/** The page of docs: a table for each peer and runtime. */
export function sideBySidePage(runtimes: readonly SideBySide[], made: string): string {
  return [
    '# Side by side with the docker_stats receiver and cAdvisor\n',
    `${made}\n`,
    introduction,
    ...runtimes.map(({ runtime, pairs }) => section(runtime, pairs, receiver)),
    cadvisorIntroduction,
    ...runtimes.map(({ runtime, cadvisorPairs, onlyCadvisors }) =>
      [section(runtime, cadvisorPairs.map(withoutIdentity), cadvisor), unread(onlyCadvisors)].join('\n'),
    ),
  ].join('\n');
}

const introduction = `## The docker_stats receiver

The Collector's docker_stats receiver and the agent with \`--profile docker_stats\` run beside each other on one real Docker Engine, with all 71 metrics on and the same block of configuration. Five containers are under load: one loop held to 20 % of a CPU, one that holds memory, one that writes to the disk, two that send and receive over the bridge. Three readings are taken a minute apart, and each series of a container is one pair at each of them.

- A counter, and the uptime, must lie between our figures from just before the receiver began to ask until ${skewMillis / 1000} s later, which is how long the runtime may take to respond. There is no tolerance beyond that.
- Any other figure must lie within that range too, or differ from it by no more than ${tolerance * 100} %. Memory has a floor of 256 KiB, as the kernel charges it in batches of 64 pages for each CPU, and percentages one of 0.1: differences below it do not count.
- \`container.cpu.utilization\` is compared as the mean of the minute before the reading: the receiver takes it from the one second before the runtime responds, we take it since our last probe. Where other work takes CPUs from the containers, as when this page was made, that second and the whole minute differ by some percent.

Each line shows the pair that differs most of all readings and containers; where none differs, that of the last reading with the largest figure. Ours is a range where it moved within the time skew; the difference is how far the receiver's figure is outside.
`;

/** Each series was paired by these labels too, but they are long. */
function withoutIdentity(pair: Pair): Pair {
  return {
    ...pair,
    attributes: pair.attributes
      .replaceAll(/(^| )(?:id|image|boot_id|machine_id|system_uuid|container_label_\w+)=\S*/g, '')
      .trim(),
  };
}

function section(runtime: string, pairs: readonly Pair[], peer: Peer): string {
  const metrics = [...Map.groupBy(pairs, ({ metric }) => metric)];
  const rows = metrics.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([metric, each]) => row(metric, each));
  const silent = peer.metrics.filter((name) => !metrics.some(([metric]) => metric === name));
  const headings = ['metric', 'unit', 'pairs', 'where', peer.heading, 'ours', 'difference', 'verdict'];
  const table = markdownTable(headings, rows);
  return `### Docker Engine ${runtime}${peer === cadvisor ? ', cAdvisor' : ''}\n\n<!-- prettier-ignore -->\n${table}\n${silenceOf(silent)}`;
}

/** One line for each reason. */
function unread(only: readonly OnlyCadvisors[]): string {
  const byReason = Map.groupBy(only, ({ reason = '**no name of the profile**' }) => reason);
  const lines = [...byReason].map(
    ([reason, each]) => `- ${each.map(({ name }) => `\`${name}\``).join(', ')}: ${reason}.\n`,
  );
  return lines.length === 0 ? '' : `Not read by the agent, and why:\n\n${lines.join('')}`;
}

function silenceOf(names: readonly string[]): string {
  if (names.length === 0) return 'Every metric is there.\n';
  return `Of neither, as this runtime has no figures for them on this host: ${names.map((name) => `\`${name}\``).join(', ')}.\n`;
}

function row(metric: string, pairs: readonly Pair[]): string[] {
  const shown = shownOf(pairs);
  const { unit, container, attributes, theirs, ours } = shown;
  const share = shareOf(shown);
  const difference = share === 0 ? '0' : `${written(differenceOf(shown))} (${(share * 100).toFixed(2)} %)`;
  return [
    `\`${metric}\``,
    unit,
    String(pairs.length),
    [container, attributes].filter(Boolean).join(' '),
    theirs === undefined ? 'absent' : written(theirs),
    ours ? [...new Set(ours.map(written))].join(' – ') : 'absent',
    theirs === undefined || !ours ? '' : difference,
    verdict(pairs),
  ];
}

/** One that does not agree before all others, then the one that differs most, then the newest and largest. */
function shownOf(pairs: readonly Pair[]): Pair {
  const worst = pairs.toSorted(
    (a, b) =>
      Number(agrees(a)) - Number(agrees(b)) ||
      shareOf(b) - shareOf(a) ||
      b.reading - a.reading ||
      (b.theirs ?? 0) - (a.theirs ?? 0),
  )[0];
  if (!worst) throw new Error('a metric without a pair');
  return worst;
}

function verdict(pairs: readonly Pair[]): string {
  const beyond = pairs.filter((pair) => !agrees(pair)).length;
  if (beyond > 0) return `**${beyond} beyond**`;
  const oneSided = pairs.filter(({ theirs, ours }) => theirs === undefined || !ours);
  const agreed = pairs.length > oneSided.length ? [agreement(pairs)] : [];
  const invented = oneSided.filter(({ ours }) => !ours).length;
  const added = oneSided.length - invented;
  return [
    ...agreed,
    ...(invented > 0 ? [`${invented} absent here, no figure (0 or −1) there`] : []),
    ...(added > 0 ? [`${added} only ours`] : []),
  ].join('; ');
}

function agreement(pairs: readonly Pair[]): string {
  const max = Math.max(...pairs.map(shareOf));
  if (max === 0) return 'equal';
  if (pairs.every(({ rule }) => rule === 'time')) return `within ${skewMillis / 1000} s`;
  return max <= tolerance ? `within ${tolerance * 100} %` : 'within the floor';
}

function written(value: number): string {
  return String(Number(value.toPrecision(Number.isInteger(value) ? 17 : 5)));
}
