// Nothing but node:process may be imported statically: an older Node must get as far as the advice below.
import process from 'node:process';

const oldestNode = 24;

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  process.stderr.write(
    `tidegauge: needs Node ${oldestNode} or newer, this is ${process.version}; ` +
      'in a clone "npm start" brings its own, elsewhere install Node 24 LTS\n',
  );
  process.exit(2);
}

// The reader of the output may stop reading, as `head` does.
process.stdout.on('error', () => process.exit(0));

const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
// Made with the bundle, for the Node and the user that made it: others compile the program at each start.
const compiled = `${import.meta.dirname}/compiled`;
if (existsSync(compiled)) process.getBuiltinModule('node:module').enableCompileCache(compiled);
const { boundHeapGrowth } = await import('./cli/process.ts');
// Before the program is read: V8 keeps the room that reading it took.
boundHeapGrowth();
const { systemClock } = await import('./clock.ts');
const { commands, runProgram } = await import('./cli/program.ts');
const { default: manifest } = await import('../package.json', { with: { type: 'json' } });

process.exit(
  await runProgram(
    { commands, version: manifest.version },
    {
      args: process.argv.slice(2),
      environment: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      stdout: process.stdout,
      stderr: process.stderr,
      signals: process,
      clock: systemClock,
    },
  ),
);
