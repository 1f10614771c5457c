import { execFile } from 'node:child_process';
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig, type LoadedConfig } from '../../../src/config/load-config.ts';
import { componentPath } from './component.ts';

const run = promisify(execFile);
const chartFolder = join(import.meta.dirname, '../../../deploy/helm/tidegauge');

/** A container of a pod, as far as the chart fills it in. */
export interface PodContainer {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly volumeMounts: readonly object[];
  readonly livenessProbe: object;
  readonly readinessProbe: object;
  readonly securityContext: object;
}

/** A pod, as far as the chart fills it in. */
interface Pod {
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly securityContext: { readonly supplementalGroups: readonly number[] };
  readonly containers: readonly [PodContainer];
  readonly volumes: readonly object[];
  readonly nodeSelector: object;
  readonly tolerations: readonly object[];
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
}

/** A manifest that the chart makes. */
type Manifest =
  | { readonly kind: 'ServiceAccount'; readonly automountServiceAccountToken: boolean }
  | { readonly kind: 'ConfigMap'; readonly data: { readonly 'config.yaml': string } }
  | {
      readonly kind: 'Service';
      readonly spec: { readonly clusterIP: string; readonly ports: readonly object[] };
    }
  | { readonly kind: 'DaemonSet'; readonly spec: DaemonSetSpec };

interface DaemonSetSpec {
  readonly updateStrategy: object;
  readonly template: {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    readonly spec: Pod;
  };
}

/** The chart rendered with some values. */
interface RenderedChart {
  /** In the order in which they are installed. */
  readonly manifests: readonly Manifest[];
  readonly daemonSet: DaemonSetSpec;
  readonly pod: Pod;
  readonly container: PodContainer;
  /** The agent's configuration file. */
  readonly configFile: string;
  /** The same, parsed. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Runs Helm's strict lint; throws with its words. */
export async function lintChart(): Promise<void> {
  await helm('lint', '--strict', chartFolder);
}

/** Renders the chart with further arguments of `helm template`; throws with Helm's words. */
export async function renderChart(...args: readonly string[]): Promise<RenderedChart> {
  const documents = parseAllDocuments(await helm('template', 'release', chartFolder, ...args));
  const manifests = documents.map((document): Manifest => document.toJS());
  const daemonSet = manifests.find((manifest) => manifest.kind === 'DaemonSet')?.spec;
  const configMap = manifests.find((manifest) => manifest.kind === 'ConfigMap');
  if (daemonSet === undefined || configMap === undefined)
    throw new Error('the chart lacks its DaemonSet or ConfigMap');
  const pod = daemonSet.template.spec;
  const configFile = configMap.data['config.yaml'];
  return {
    manifests,
    daemonSet,
    pod,
    container: pod.containers[0],
    configFile,
    config: parse(configFile),
  };
}

/** The agent's configuration from the chart's file and variables; throws a ConfigError when it is invalid. */
export function loadRendered({ container, configFile }: RenderedChart): LoadedConfig {
  const [, , path] = container.args;
  return loadConfig({
    flags: { config: path },
    environment: Object.fromEntries(container.env.map(({ name, value }) => [name, value])),
    readFile(asked) {
      if (asked !== path) throw new Error(`the chart has no file ${asked}`);
      return configFile;
    },
  });
}

/**
 * `NODE_OPTIONS` of the agent by the chart's default values, read without Helm, which not every machine has; throws when
 * the chart is written otherwise.
 */
export async function chartNodeOptions(): Promise<string> {
  const { resources } = parse(await readFile(join(chartFolder, 'values.yaml'), 'utf8'));
  const helpers = await readFile(join(chartFolder, 'templates/_helpers.tpl'), 'utf8');
  const [, mebibytes] = /^(\d+)Mi$/.exec(resources.limits.memory) ?? [];
  const [, share] = / (0\.\d+)\) 1048576 \| floor/.exec(helpers) ?? [];
  if (mebibytes === undefined || share === undefined)
    throw new Error('the chart does not say what the heap is');
  return `--max-old-space-size=${Math.floor(Number(mebibytes) * Number(share))}`;
}

/** Helm's notes after an installation, which `helm template` omits: rendered here as a manifest of its own. */
export async function renderNotes(...args: readonly string[]): Promise<string> {
  const chart = await mkdtemp(join(tmpdir(), 'tidegauge-chart-'));
  try {
    await cp(chartFolder, chart, { recursive: true });
    await copyFile(join(chartFolder, 'templates/NOTES.txt'), join(chart, 'notes'));
    await writeFile(join(chart, 'templates/notes.yaml'), 'notes: {{ tpl (.Files.Get "notes") . | toJson }}');
    return parse(await helm('template', 'release', chart, '--show-only=templates/notes.yaml', ...args)).notes;
  } finally {
    await rm(chart, { recursive: true });
  }
}

async function helm(...args: readonly string[]): Promise<string> {
  try {
    return (await run(componentPath('helm'), args)).stdout;
  } catch (cause) {
    // The error's own message has the arguments too, in which a test's pattern would match.
    throw new Error(cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause), {
      cause,
    });
  }
}
