import { profileNames } from '../../src/config/settings/names.ts';
import { alwaysThere, profiles } from '../../src/metrics/catalogue.ts';
import { metricRows, metricsMarkdown, ownRows } from '../../src/metrics/listing.ts';
import { agentMetrics } from './agent-metrics.ts';

/** The tables of docs/metrics.md: every profile, and what the agent tells of itself. */
export async function metricBlocks(): Promise<ReadonlyMap<string, string>> {
  const sections = profileNames.map((name) => {
    const rows = [...metricRows(profiles[name]), ...ownRows(name)];
    return `## Profile \`${name}\`\n\n<!-- prettier-ignore -->\n${metricsMarkdown(rows)}`;
  });
  return new Map([
    ['profiles', sections.join('\n')],
    ['agent', metricsMarkdown([...metricRows(alwaysThere), ...(await agentMetrics())])],
  ]);
}
