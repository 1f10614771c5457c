import { createLog } from '../log.ts';
import type { Program } from './command-line.ts';
import type { Command } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { metricsCommand } from './commands/metrics.ts';
import { onceCommand } from './commands/once.ts';
import { runCommand } from './commands/run.ts';
import { verifyCommand } from './commands/verify.ts';
import { readInvocation } from './invocation.ts';
import type { ReadyCommand } from './invocation.ts';
import { flushed, refuse } from './process.ts';
import type { ProcessContext } from './process.ts';
import { supervise } from './supervise.ts';

/** From arguments to exit code: 0 done, 1 failed, 2 wrongly called. Ends nothing itself. */
export async function runProgram(program: Program, processContext: ProcessContext): Promise<number> {
  const invocation = readInvocation(processContext.args, program, processContext);
  switch (invocation.kind) {
    case 'answer':
      processContext.stdout.write(`${invocation.text.trimEnd()}\n`);
      await flushed(processContext.stdout);
      return 0;
    case 'refusal':
      return refuse(invocation.problems, processContext.stderr);
    case 'command':
      return await execute(invocation, program, processContext);
  }
}

function execute(ready: ReadyCommand, { version }: Program, processContext: ProcessContext): Promise<number> {
  const { logDestination: destination } = processContext;
  const log = createLog({ level: ready.config.logLevel, ...(destination && { destination }) });
  for (const warning of ready.warnings) log.warn({}, warning);
  return supervise({ ready, version, processContext, log });
}

/** Every command; the first runs when none is named. */
export const commands: readonly Command[] = [
  runCommand,
  onceCommand,
  checkCommand,
  verifyCommand,
  metricsCommand,
];
