import { readFileSync } from 'node:fs';
import { systemClock } from '../../../src/clock.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { verifyWith } from '../../../src/cli/commands/verify.ts';
import { withFault } from './faulty-metric.ts';

/** `tidegauge verify` with a fault in one formula: the memory is a hundredth too high. It ends with 1. */
process.exitCode = await runProgram(
  { commands: [verifyWith(withFault('memory'))], version: '0' },
  {
    args: process.argv.slice(2),
    environment: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    clock: systemClock,
  },
);
