import { checkCommand } from './check.ts';
import type { Command } from '../command.ts';
import { metricsCommand } from './metrics.ts';
import { onceCommand } from './once.ts';
import { runCommand } from './run.ts';
import { verifyCommand } from './verify.ts';

/** Every command; the first runs when none is named. */
export const commands: readonly Command[] = [
  runCommand,
  onceCommand,
  checkCommand,
  verifyCommand,
  metricsCommand,
];
