import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { oneOf } from '../../../src/config/types/one-of.ts';
import type { Config } from '../../../src/config/settings/settings.ts';
import type { Program } from '../../../src/cli/command-line.ts';
import type { Command, CommandContext, RunningCommand } from '../../../src/cli/command.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

const options = { format: { type: oneOf(['table', 'json']), default: 'table', help: 'How to print' } };

/** Body of the command `run` of a tiny program. */
export type Run = (context: CommandContext) => Promise<number | RunningCommand>;

/** A program of two commands: `run` executes the given function, `once` prints its format. */
export function tinyProgram(run: Run = () => Promise.resolve(0)): Program {
  const once: Command<typeof options> = {
    name: 'once',
    describe: 'Print the format',
    options,
    examples: [{ line: '$0 once --format json', does: 'print json' }],
    run: ({ argv, stdout }) => {
      stdout.write(`${argv.format}\n`);
      return Promise.resolve(0);
    },
  };
  const example = { line: '$0 --demo', does: 'try it' };
  return {
    commands: [{ name: 'run', describe: 'Go on', options: {}, examples: [example], run }, once],
    version: '1.2.3',
  };
}

/** One start of a program, without a process. */
export class TinyProcess {
  readonly clock = new FakeClock();
  readonly signals = new EventEmitter();
  readonly lines: string[] = [];
  readonly configs: Config[] = [];
  stdout = '';
  stderr = '';
  /** Text of the file of `--config`. */
  file = '';

  /** The exit code. */
  run(args: readonly string[], run?: Run): Promise<number> {
    return runProgram(tinyProgram(run), {
      args,
      environment: {},
      readFile: () => this.file,
      stdout: new Writable({
        write: (chunk, _encoding, done) => {
          this.stdout += String(chunk);
          done();
        },
      }),
      stderr: { write: (text) => (this.stderr += text) },
      signals: this.signals,
      clock: this.clock,
      logDestination: { write: (line) => this.lines.push(line) },
    });
  }

  /** A signal, and the time that it takes to be noticed. */
  async signal(name: string): Promise<void> {
    await this.clock.advance(0);
    this.signals.emit(name);
    await this.clock.advance(0);
  }

  /** The messages logged. */
  get messages(): string[] {
    return this.lines.map((line) => /"msg":"(.*)"\}/.exec(line)?.[1] ?? line);
  }
}
