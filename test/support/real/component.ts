import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const setup = join(import.meta.dirname, '../../components');
const cureText = 'run test/components/install.sh';

/** A real program that tests use; `engine-20.10` and `engine-current` include all that the engine needs to run. */
export type ComponentName = keyof typeof finders;

/** Path of a component, or the reason why it cannot be used. */
export type Component = { readonly path: string } | { readonly missing: string };

const finders = {
  'engine-20.10': findOldEngine,
  'engine-current': findCurrentEngine,
  'runc-current': () => executable(inCache(`runc-${version('RUNC')}`)),
  runc: () => onPath('runc'),
  containerd: () => onPath('containerd'),
  docker: () => onPath('docker'),
  podman: findPodman,
  busybox: () => onPath('busybox'),
  otelcol: () => executable(inCache(`otelcol-${version('COLLECTOR')}-${digest('collector.yaml')}`)),
  prometheus: () => onPath('prometheus'),
  promtool: () => onPath('promtool'),
  helm: () => executable(inCache(`helm-${version('HELM')}`)),
  python: () => executable(join(cache(), `python-${digest('requirements.txt')}`, 'bin/python')),
} as const satisfies Record<string, () => Component>;

/** Finds a component among what test/components/install.sh installs. */
export function component(name: ComponentName): Component {
  return finders[name]();
}

/** The path of a component; throws with the cure when it is missing. */
export function componentPath(name: ComponentName): string {
  const found = component(name);
  if ('missing' in found) throw new Error(found.missing);
  return found.path;
}

/**
 * The value for node:test's `skip` option: false when all components are there, else what is missing and how to get it.
 * Throws instead when `E2E=required`, so that a run that must be complete fails.
 */
export function skipUnless(...names: readonly ComponentName[]): string | false {
  const reasons = names
    .map((name) => component(name))
    .flatMap((found) => ('missing' in found ? [found.missing] : []));
  if (reasons.length === 0) return false;
  const reason = [...new Set(reasons)].join('; ');
  if (process.env['E2E'] === 'required') throw new Error(`E2E=required, but ${reason}`);
  return reason;
}

function findOldEngine(): Component {
  const runtime = executable('/usr/sbin/dockerd');
  if ('missing' in runtime) return runtime;
  // Other distributions have a newer engine at the same place.
  const says = execFileSync(runtime.path, ['--version'], { encoding: 'utf8' }).trim();
  if (!says.includes(' 20.10.')) return { missing: `${runtime.path} is not 20.10 but "${says}"` };
  return withNeeds(runtime, 'containerd', 'docker', 'busybox');
}

function findCurrentEngine(): Component {
  const runtime = executable(inCache(`dockerd-${version('ENGINE')}`));
  return withNeeds(runtime, 'runc-current', 'containerd', 'docker', 'busybox');
}

function findPodman(): Component {
  return withNeeds(onPath('podman'), 'runc', 'busybox');
}

function withNeeds(runtime: Component, ...needs: readonly ComponentName[]): Component {
  if (process.getuid?.() !== 0) return { missing: 'an engine of our own needs root' };
  return [runtime, ...needs.map((name) => component(name))].find((found) => 'missing' in found) ?? runtime;
}

function executable(path: string): Component {
  try {
    accessSync(path, constants.X_OK);
    return { path };
  } catch {
    return { missing: `${path} is missing: ${cureText}` };
  }
}

function onPath(name: string): Component {
  // A user's PATH may lack the folders of system programs.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found = folders
    .filter((folder) => folder !== '')
    .map((folder) => executable(join(folder, name)))
    .find((candidate) => 'path' in candidate);
  return found ?? { missing: `${name} is not on the PATH: ${cureText}` };
}

function cache(): string {
  const { TIDEGAUGE_CACHE, XDG_CACHE_HOME } = process.env;
  return TIDEGAUGE_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidegauge');
}

/** Path of a program built from files of test/components; its name has their digest. */
export function cachedProgram(name: string, ...files: readonly string[]): string {
  return inCache(`${name}-${digest(...files)}`);
}

function inCache(file: string): string {
  return join(cache(), 'bin', file);
}

// The same names as install.sh makes: versions from versions.env, a file's digest for what is built from that file.
function version(key: string): string {
  const found = new RegExp(`^${key}=(.+)$`, 'm').exec(readFileSync(join(setup, 'versions.env'), 'utf8'));
  if (found?.[1] === undefined) throw new Error(`test/components/versions.env lacks ${key}`);
  return found[1];
}

function digest(...files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(setup, file)));
  return hash.digest('hex').slice(0, 12);
}
