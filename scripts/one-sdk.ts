import { execFileSync } from 'node:child_process';
import { basename, dirname } from 'node:path';

/**
 * Two copies of such a package share no state: registrations of one are missing in the other, instanceof fails.
 */
const family = '@opentelemetry';

const paths = execFileSync('npm', ['ls', '--all', '--parseable'], { encoding: 'utf8' }).split('\n');
const copies = Map.groupBy(
  paths.filter((path) => basename(dirname(path)) === family),
  (path) => basename(path),
);
const doubled = [...copies].filter(([, places]) => places.length > 1);

if (!copies.has('sdk-metrics') || doubled.length > 0) {
  const found = doubled.map(([name, places]) => `${family}/${name}:\n  ${places.join('\n  ')}`);
  process.stderr.write(`${found.join('\n') || `no ${family}/sdk-metrics`}\n`);
  process.exitCode = 1;
}
