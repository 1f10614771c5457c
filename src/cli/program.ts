import { createLog } from '../log.ts';
import type { Program } from './command-line.ts';
import { flushed, refuse } from './process.ts';
import { readInvocation, type ReadyCommand } from './invocation.ts';
import { supervise } from './supervise.ts';
import type { Surroundings } from './process.ts';

/** From arguments to exit code: 0 done, 1 failed, 2 wrongly called. Ends nothing itself. */
export async function runProgram(program: Program, surroundings: Surroundings): Promise<number> {
  const invocation = readInvocation(surroundings.args, program, surroundings);
  switch (invocation.kind) {
    case 'answer':
      surroundings.stdout.write(`${invocation.text.trimEnd()}\n`);
      await flushed(surroundings.stdout);
      return 0;
    case 'refusal':
      return refuse(invocation.problems, surroundings.stderr);
    case 'command':
      return await runCommand(invocation, program, surroundings);
  }
}

function runCommand(ready: ReadyCommand, { version }: Program, surroundings: Surroundings): Promise<number> {
  const { logDestination: destination } = surroundings;
  const log = createLog({ level: ready.config.logLevel, ...(destination && { destination }) });
  for (const warning of ready.warnings) log.warn({}, warning);
  return supervise({ ready, version, surroundings, log });
}
