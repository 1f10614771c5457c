import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { Sample } from '../../../../src/model/sample.ts';
import { SourceError } from '../../../../src/sources/source-error.ts';
import { KernelTree, readEach, recordedContainer } from '../../../support/fakes/kernel-tree.ts';
import type { Capture } from '../../../support/wire/recorded-cases.ts';

/** A change of one file: bytes put in, cut out or overwritten at a place. */
interface Change {
  readonly file: string;
  /** From 0 to 1, of the file's length. */
  readonly at: number;
  readonly removed: number;
  readonly bytes: Uint8Array;
}

const names = ['io_writer', 'cpu_throttled'] as const;

/** The files that usage is read from. */
const read =
  /(^|\/)(cpu\.stat|cpuacct\.(usage|stat|usage_percpu)|memory\.(current|peak|max|stat|events|swap\.current)|memory\.(usage|max_usage|limit|kmem\.usage)_in_bytes|memory\.(failcnt|oom_control)|io\.stat|blkio\.throttle\.io_serv\w+|pids\.(current|max)|(cpu|memory|io)\.pressure)$/;

/** Characters that the kernel's files have, and any others. */
const bytes = fc.oneof(
  fc
    .array(fc.constantFrom(...Buffer.from('0123456789 \n\t:=-.max')), { maxLength: 24 })
    .map((codes) => Uint8Array.from(codes)),
  fc.uint8Array({ maxLength: 24 }),
);

function changes(files: readonly string[]): fc.Arbitrary<Change[]> {
  const one = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat({ max: 40 }),
    bytes,
  });
  return fc.array(one, { minLength: 1, maxLength: 4 });
}

function changed(content: Uint8Array, { at, removed, bytes: added }: Change): Uint8Array {
  const start = Math.floor(at * content.length);
  return Buffer.concat([content.subarray(0, start), added, content.subarray(start + removed)]);
}

/** Every integer in an object, whatever its depth. */
function integersIn(value: unknown): bigint[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [BigInt(value)];
  return Object.values(Object(value)).flatMap((each) => (typeof each === 'string' ? [] : integersIn(each)));
}

/** What may come of a container: the numbers of its own files, as they are and in nanoseconds of micros or ticks. */
function numbersOf(tree: KernelTree, name: string, files: readonly string[]): ReadonlySet<bigint> {
  const numbers = new Set<bigint>();
  const { pid } = tree.container(name);
  const paths = files.map((file) => tree.pathOf(name, file));
  for (const path of [...paths, `proc/${pid}/net/dev`]) {
    const content = readFileSync(join(tree.folder, path), 'latin1');
    for (const [digits] of content.matchAll(/\d+/g)) {
      const number = BigInt(digits);
      for (const unit of [1n, 1000n, 10_000_000n]) numbers.add(number * unit);
    }
  }
  return numbers;
}

/** The sample's numbers that are the container's own, not the host's and no times. */
function ownNumbers({ cpu, memory, blockIo, networks, pids, pressure }: Sample, hostBytes: number): bigint[] {
  const { systemNanos: _system, onlineCpus: _online, ...ownCpu } = cpu ?? {};
  const { limit, ...ownMemory } = memory ?? {};
  const ownLimit = limit === hostBytes ? undefined : limit;
  return integersIn({ ownCpu, ownMemory, ownLimit, blockIo, networks, pids, pressure });
}

/** A round of usage that has read nothing before. */
async function usageOf(tree: KernelTree): Promise<ReadonlyMap<string, Sample | undefined>> {
  const usage = tree.usage();
  try {
    return await readEach(usage, tree.containers);
  } finally {
    usage.close();
  }
}

/** Limits are not read at every round. */
function withoutLimits(samples: ReadonlyMap<string, Sample | undefined>): readonly unknown[] {
  return [...samples].map(([name, sample]) => {
    const { limit: _limit, ...memory } = { ...sample?.memory };
    const { limit: _pids, ...pids } = { ...sample?.pids };
    return [name, { ...sample, memory, pids }];
  });
}

const hostBytes = { cgroup_v1: 25_276_510_208, cgroup_v2: 2_070_257_664 } as const;

/** Lays the recorded files of a container out again, with the changes. */
function lay(tree: KernelTree, capture: Capture, name: string, all: readonly Change[]): void {
  const laid = recordedContainer(capture, name);
  const { pid } = laid.inspected;
  const contents = new Map<string, Uint8Array>([
    ...Object.entries(laid.files).flatMap(([file, text]): [string, Uint8Array][] =>
      read.test(file) ? [[tree.pathOf(name, file), Buffer.from(text)]] : [],
    ),
    [`proc/${pid}/net/dev`, Buffer.from(laid.netDev)],
    [`proc/${pid}/cgroup`, Buffer.from(laid.procCgroup)],
  ]);
  const pathOf = ({ file }: Change): string =>
    file.startsWith('/') ? `proc/${pid}${file}` : tree.pathOf(name, file);
  for (const change of all) {
    const path = pathOf(change);
    contents.set(path, changed(contents.get(path) ?? Buffer.alloc(0), change));
  }
  for (const [path, content] of contents) tree.write(path, content);
}

for (const capture of ['cgroup_v1', 'cgroup_v2'] as const) {
  const tree = KernelTree.recorded(capture, names);
  after(() => tree[Symbol.dispose]());
  const files = Object.keys(recordedContainer(capture, names[0]).files).filter((file) => read.test(file));

  test(`${capture}: whatever bytes change, each number is absent or one of the container's own files`, async () => {
    assert.ok(files.length >= 12);
    const recorded = await usageOf(tree);
    const property = fc.asyncProperty(changes([...files, '/net/dev']), async (all) => {
      const usage = tree.usage();
      lay(tree, capture, names[0], all);
      const samples = await readEach(usage, tree.containers);
      for (const name of names) {
        const sample = samples.get(name);
        const own = numbersOf(tree, name, files);
        const numbers = sample ? ownNumbers(sample, hostBytes[capture]) : [];
        for (const number of numbers) assert.ok(own.has(number), `${name}: ${number}`);
      }
      lay(tree, capture, names[0], []);
      assert.deepEqual(withoutLimits(await readEach(usage, tree.containers)), withoutLimits(recorded));
      usage.close();
    });
    await fc.assert(property, { numRuns: 150 });
  });

  test(`${capture}: whatever /proc says of a process, its container is measured by its own files or not at all`, async () => {
    const container = tree.container(names[0]);
    const others = Buffer.from(recordedContainer(capture, names[1]).procCgroup);
    const anothers: Change = { file: '/cgroup', at: 0, removed: others.length, bytes: others };
    const property = fc.asyncProperty(fc.boolean(), changes(['/cgroup']), async (isReused, all) => {
      lay(tree, capture, names[0], isReused ? [anothers, ...all] : all);
      const usage = tree.usage({ maxDescriptors: 0 });
      const reads = await readEach(usage, new Map([[names[0], container]])).catch((error: unknown) => {
        assert.ok(error instanceof SourceError, String(error));
        return new Map<string, Sample | undefined>();
      });
      usage.close();
      const sample = reads.get(names[0]);
      const own = numbersOf(tree, names[0], files);
      for (const number of sample ? ownNumbers(sample, hostBytes[capture]) : []) assert.ok(own.has(number));
    });
    await fc.assert(property, { numRuns: 150 });
  });
}
