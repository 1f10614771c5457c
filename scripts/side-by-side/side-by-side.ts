import { access, readFile, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCadvisor } from '../../test/support/real/cadvisor.ts';
import { engineVersions } from '../../test/support/real/scene.ts';
import { agrees } from './compare.ts';
import { sideBySidePage } from './page.ts';
import { runSideBySide } from './scene.ts';
import manifest from '../../package.json' with { type: 'json' };

/** Compares the Collector's docker_stats receiver and cAdvisor with the agent on both engines, and writes the page of docs about it. */
const { values } = parseArgs({
  options: {
    // Shorter than a minute is for trying it out.
    'pause-seconds': { type: 'string', default: '60' },
    output: { type: 'string', default: join(import.meta.dirname, '../../docs/side-by-side.md') },
  },
});
const pauseMillis = Number(values['pause-seconds']) * 1000;

await buildCadvisor();
const results = await Promise.all(engineVersions.map((version) => runSideBySide(version, pauseMillis)));
const manifestOfCollector = await readFile(
  join(import.meta.dirname, '../../test/components/collector.yaml'),
  'utf8',
);
const receiver = /dockerstatsreceiver (\S+)/.exec(manifestOfCollector)?.[1] ?? 'of unknown version';
const goModule = await readFile(join(import.meta.dirname, '../../test/components/cadvisor/go.mod'), 'utf8');
const cadvisor = /cadvisor (v\S+)/.exec(goModule)?.[1] ?? 'of unknown version';
const today = new Date().toISOString().slice(0, 10);
const made = `Made by \`npm run side-by-side\` on ${today}: Tidegauge ${manifest.version}, docker_stats receiver ${receiver}, cAdvisor ${cadvisor}, ${await hostInWords()}.`;
await writeFile(values.output, sideBySidePage(results, made));
const beyond = results
  .flatMap(({ pairs, cadvisorPairs }) => [...pairs, ...cadvisorPairs])
  .filter((pair) => !agrees(pair));
for (const pair of beyond) process.stderr.write(`beyond: ${JSON.stringify(pair)}\n`);
const unknown = results.flatMap(({ onlyCadvisors }) => onlyCadvisors).filter(({ reason }) => !reason);
for (const { name } of unknown) process.stderr.write(`cAdvisor alone has ${name}\n`);
if (beyond.length + unknown.length > 0) process.exitCode = 1;

async function hostInWords(): Promise<string> {
  const isV2 = await access('/sys/fs/cgroup/cgroup.controllers').then(
    () => true,
    () => false,
  );
  return `Linux ${release()}, cgroup ${isV2 ? 'v2' : 'v1'}`;
}
