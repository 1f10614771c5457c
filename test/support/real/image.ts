import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { componentPath } from './component.ts';
import type { RealEngine } from './real-engine.ts';

const run = promisify(execFile);
const buildImageName = 'tidegauge-test/build:1';
const baseImage = 'tidegauge-test/base:1';
// Where a proxy with certificates of its own stands between this machine and the packages.
const extraCertificates = process.env['NODE_EXTRA_CA_CERTS'];
const certificatesPath = '/certificates.pem';
// The engine adds these to the environment of a build without a line in the Dockerfile.
const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/**
 * Builds the Dockerfile in a directory on base images made of this machine's own files, without an image
 * registry.
 */
export async function buildImage(runtime: RealEngine, context: string, name: string): Promise<void> {
  await importBaseImages(runtime);
  const proxies = proxyVariables.filter((variable) => process.env[variable] !== undefined);
  await runtime.docker(
    'build',
    // The engine may have no bridge, and without rules in iptables a bridge leads nowhere.
    '--network=host',
    `--build-arg=BUILD_IMAGE=${buildImageName}`,
    `--build-arg=BASE_IMAGE=${baseImage}`,
    ...proxies.map((variable) => `--build-arg=${variable}`),
    `--tag=${name}`,
    context,
  );
}

/** The files of an image below a directory, as absolute paths in order. */
export async function listFiles(runtime: RealEngine, image: string, directory: string): Promise<string[]> {
  const container = await runtime.docker('create', '--network=none', image);
  const scratch = await mkdtemp(join(tmpdir(), 'tidegauge-image-'));
  try {
    await runtime.docker('export', `--output=${scratch}/files.tar`, container);
    const { stdout } = await run('tar', ['-tf', `${scratch}/files.tar`], { maxBuffer: 64 * 1024 * 1024 });
    const paths = stdout.split('\n').map((path) => `/${path}`);
    return paths.filter((path) => path.startsWith(`${directory}/`) && !path.endsWith('/')).sort();
  } finally {
    await rm(scratch, { recursive: true });
    await runtime.docker('rm', container);
  }
}

async function importBaseImages(runtime: RealEngine): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'tidegauge-base-'));
  try {
    await writeBuildRoot(join(scratch, 'build'));
    await writeBaseRoot(join(scratch, 'base'));
    const registry = (await run('npm', ['config', 'get', 'registry'])).stdout.trim();
    await importRoot(runtime, buildImageName, join(scratch, 'build'), [
      'PATH=/usr/local/bin:/bin',
      'HOME=/root',
      ...(extraCertificates === undefined ? [] : [`NODE_EXTRA_CA_CERTS=${certificatesPath}`]),
      `npm_config_registry=${registry}`,
    ]);
    await importRoot(runtime, baseImage, join(scratch, 'base'), ['PATH=/usr/local/bin:/usr/bin:/bin']);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function importRoot(
  runtime: RealEngine,
  name: string,
  root: string,
  env: readonly string[],
): Promise<void> {
  await run('tar', ['-C', root, '-cf', `${root}.tar`, '.']);
  await runtime.docker('import', ...env.map((variable) => `--change=ENV ${variable}`), `${root}.tar`, name);
}

// Like node's own image: Node, npm and a shell on the usual path.
async function writeBuildRoot(root: string): Promise<void> {
  await writeNode(root, '/usr/local/bin');
  if (extraCertificates !== undefined) await copyInto(root, extraCertificates, certificatesPath);
  const npm = await npmDirectory();
  await cp(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  await copyInto(root, componentPath('busybox'), '/bin/busybox');
  for (const name of ['sh', 'env']) await symlink('busybox', join(root, 'bin', name));
  // Scripts name it by this path.
  await mkdir(join(root, 'usr/bin'));
  await symlink('/bin/busybox', join(root, 'usr/bin/env'));
}

// Like the distroless base: no shell, and Node where the path does not lead.
async function writeBaseRoot(root: string): Promise<void> {
  await writeNode(root, '/nodejs/bin');
}

async function writeNode(root: string, directory: string): Promise<void> {
  await copyInto(root, process.execPath, join(directory, 'node'));
  for (const library of await librariesOf(process.execPath)) await copyInto(root, library, library);
  const users =
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/passwd'), users);
  await mkdir(join(root, 'tmp'), { mode: 0o1777 });
  await mkdir(join(root, 'root'));
}

async function copyInto(root: string, file: string, path: string): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await cp(file, target, { dereference: true });
}

async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

// npm is next to its own `bin/npm-cli.js`, wherever the link on the PATH is.
async function npmDirectory(): Promise<string> {
  const { stdout } = await run('sh', ['-c', 'command -v npm']);
  return dirname(dirname(await realpath(stdout.trim())));
}
