import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ownLoopbackAddress, startDaemon, type Daemon } from './daemon.ts';
import { cachedProgram } from './component.ts';
import { parseExposition, type Series } from '../wire/exposition.ts';

const sources = ['go.mod', 'go.sum', 'main.go'] as const;
const program = cachedProgram('cadvisor', ...sources.map((file) => join('cadvisor', file)));

/** Builds cAdvisor unless it is in the cache: too slow for every run of the tests, and only the comparison needs it. */
export async function buildCadvisor(): Promise<void> {
  if (existsSync(program)) return;
  await mkdir(dirname(program), { recursive: true });
  const args = ['-n', '10', 'go', 'build', '-trimpath', '-ldflags=-s -w', `-o=${program}.new`, '.'];
  const options = {
    cwd: join(import.meta.dirname, '../../components/cadvisor'),
    env: { ...process.env, CGO_ENABLED: '0' },
  };
  await promisify(execFile)('nice', args, options);
  await rename(`${program}.new`, program);
}

/** The value for node:test's `skip` option: false when cAdvisor has been built. */
export function skipWithoutCadvisor(): string | false {
  return existsSync(program) ? false : 'cAdvisor is not built: run npm run side-by-side';
}

/** URL of the runtime that it monitors, directory of its log, and how often it measures: each second by default. */
interface CadvisorOptions {
  readonly url: string;
  readonly directory: string;
  readonly housekeepingSeconds?: number;
  /** Further flags of its own. */
  readonly flags?: readonly string[];
}

/** A real cAdvisor that monitors a runtime's containers. */
export class Cadvisor {
  /** Its page. */
  readonly url: string;
  readonly #daemon: Daemon;

  private constructor(daemon: Daemon, url: string) {
    this.#daemon = daemon;
    this.url = url;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  /** Starts it; buildCadvisor() comes before. */
  static async start({
    url: docker,
    directory,
    housekeepingSeconds = 1,
    flags = [],
  }: CadvisorOptions): Promise<Cadvisor> {
    const address = `${ownLoopbackAddress()}:8080`;
    const url = `http://${address}/metrics`;
    const daemon = await startDaemon({
      command: program,
      args: [
        `-listen=${address}`,
        `-docker=${docker}`,
        '-docker_only',
        `-housekeeping_interval=${housekeepingSeconds}s`,
        '-allow_dynamic_housekeeping=false',
        '-logtostderr',
        ...flags,
      ],
      logFile: join(directory, 'cadvisor.log'),
      isReady: () =>
        fetch(url).then(
          ({ ok }) => ok,
          () => false,
        ),
    });
    return new Cadvisor(daemon, url);
  }

  /** Every series, with the time when it was measured. */
  async scrape(): Promise<readonly Series[]> {
    const millis = Date.now();
    const response = await fetch(this.url);
    const { series } = parseExposition(await response.text());
    // A container's configuration has no time, and the machine that of cAdvisor's start.
    return series.map((each) =>
      each.name.startsWith('machine_') ? { ...each, millis } : { millis, ...each },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.end('SIGKILL');
  }
}
