import { profileNames } from '../../src/config/profile-names.ts';
import { alwaysThere, profiles } from '../../src/metrics/catalogue.ts';
import { metricRows, metricsMarkdown } from '../../src/metrics/metric-table.ts';
import { agentMetrics, peerMetrics } from './agent-metrics.ts';

/** The tables of docs/metrics.md: every profile, and what the agent tells of itself. */
export async function metricBlocks(): Promise<ReadonlyMap<string, string>> {
  const ofExporter = await peerMetrics();
  const sections = profileNames.map((name) => {
    const rows = [...metricRows(profiles[name]), ...(name === 'docker_exporter' ? ofExporter : [])];
    return `## Profile \`${name}\`\n\n<!-- prettier-ignore -->\n${metricsMarkdown(rows)}`;
  });
  return new Map([
    ['profiles', sections.join('\n')],
    ['agent', metricsMarkdown([...metricRows(alwaysThere), ...(await agentMetrics())])],
  ]);
}
