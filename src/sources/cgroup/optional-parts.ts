import type { EffectiveLimits, HugePagesUsage, NumaPages, OptionalPart } from '../../model/sample.ts';
import { present } from '../json.ts';
import { pageSize } from '../kernel/host-files.ts';
import { namesIn } from '../kernel/open-file.ts';
import type { CgroupFiles } from './cgroup-files.ts';
import { slowReadEvery } from './cgroup-reading.ts';
import type { CgroupReading } from './cgroup-reading.ts';

/** The files of a container's cgroup that only some metrics need, by controller; of version 2 they are all in one directory. */
export interface OptionalFiles {
  readonly version: 1 | 2;
  readonly hugetlb?: CgroupFiles | undefined;
  readonly memory?: CgroupFiles | undefined;
  readonly cpuset?: CgroupFiles | undefined;
  /** The limits that hold of the cgroup now. */
  readonly limits: () => EffectiveLimits | undefined;
}

type Reading = Pick<CgroupReading, 'hugePages' | 'numa' | 'migratesMemory' | 'effectiveLimits' | 'unread'>;

const unreadPressure = ['pressure'] as const;
const ownParts: readonly OptionalPart[] = ['hugePages', 'numa', 'cpuset', 'effectiveLimits'];
/** Where pressure alone is wanted, which is read elsewhere. */
const usual: Reading = {};

/** Reads the parts that are wanted, and opens no file for others. */
export class OptionalReader {
  readonly #files: OptionalFiles;
  readonly #parts: ReadonlySet<OptionalPart>;
  readonly #wantsAny: boolean;
  #pageSizes: readonly string[] | undefined;
  #readCount = 0;
  #limits: EffectiveLimits | undefined;

  constructor(files: OptionalFiles, parts: ReadonlySet<OptionalPart>) {
    this.#files = files;
    this.#parts = parts;
    this.#wantsAny = !parts.has('pressure') || ownParts.some((part) => parts.has(part));
  }

  /** The next read looks at the limits again. */
  refresh(): void {
    this.#readCount = 0;
  }

  read(): Reading {
    if (!this.#wantsAny) return usual;
    const wants = (part: OptionalPart): boolean => this.#parts.has(part);
    return present<Reading>({
      hugePages: wants('hugePages') ? this.#hugePages() : undefined,
      numa: wants('numa') ? this.#numa() : undefined,
      migratesMemory: wants('cpuset') ? this.#migratesMemory() : undefined,
      effectiveLimits: wants('effectiveLimits') ? this.#effectiveLimits() : undefined,
      unread: wants('pressure') ? undefined : unreadPressure,
    });
  }

  #effectiveLimits(): EffectiveLimits | undefined {
    if (this.#readCount % slowReadEvery === 0) this.#limits = this.#files.limits();
    this.#readCount += 1;
    return this.#limits;
  }

  #numa(): readonly NumaPages[] | undefined {
    const content = this.#files.memory?.text('memory.numa_stat')?.content;
    return content === undefined ? undefined : parseNumaStat(content, this.#files.version);
  }

  #migratesMemory(): boolean | undefined {
    const migrate = this.#files.cpuset?.integer('cpuset.memory_migrate');
    return migrate === undefined ? undefined : migrate !== 0;
  }

  #hugePages(): readonly HugePagesUsage[] | undefined {
    const { hugetlb: files, version } = this.#files;
    if (!files) return undefined;
    this.#pageSizes ??= pageSizesIn(files.directory);
    const found = this.#pageSizes.flatMap((pageSize) => {
      const usage = version === 1 ? usageOfV1(files, pageSize) : usageOfV2(files, pageSize);
      return usage.usage === undefined ? [] : [usage];
    });
    return found.length > 0 ? found : undefined;
  }
}

function usageOfV1(files: CgroupFiles, pageSize: string): HugePagesUsage {
  return present<HugePagesUsage>({
    pageSize,
    usage: files.integer(`hugetlb.${pageSize}.usage_in_bytes`),
    maxUsage: files.integer(`hugetlb.${pageSize}.max_usage_in_bytes`),
    failures: files.integer(`hugetlb.${pageSize}.failcnt`),
  });
}

function usageOfV2(files: CgroupFiles, pageSize: string): HugePagesUsage {
  const events = files.text(`hugetlb.${pageSize}.events`)?.content ?? '';
  const failures = /^max (\d{1,15})$/m.exec(events)?.[1];
  return present<HugePagesUsage>({
    pageSize,
    usage: files.integer(`hugetlb.${pageSize}.current`),
    failures: failures === undefined ? undefined : Number(failures),
  });
}

function pageSizesIn(directory: string): readonly string[] {
  const file = /^hugetlb\.(\d+[KMG]B)\.(?:current|usage_in_bytes)$/;
  return namesIn(directory).flatMap((name) => file.exec(name)?.[1] ?? []);
}

const hostPageBytes = pageSize();

/**
 * Version 1 counts pages, of the cgroup alone and with those below it: `file=44 N0=44`, `hierarchical_file=44 N0=44`;
 * version 2 bytes, with those below: `file N0=180224`.
 */
export function parseNumaStat(
  content: string,
  version: 1 | 2,
  pageBytes = hostPageBytes,
): readonly NumaPages[] {
  return content.split('\n').flatMap((line) => {
    const [first = '', ...nodes] = line.split(' ');
    const [, hierarchical, type = ''] =
      /^(hierarchical_)?(file|anon|unevictable)(?:=\d+)?$/.exec(first) ?? [];
    if (type === '') return [];
    const scope = version === 2 || hierarchical !== undefined ? 'hierarchy' : 'container';
    return nodes.flatMap((each): NumaPages[] => {
      const [, node, count] = /^N(\d+)=(\d{1,15})$/.exec(each) ?? [];
      if (node === undefined) return [];
      const bytes = Number(count) * (version === 1 ? pageBytes : 1);
      return [{ type, scope, node, pages: bytes / pageBytes, bytes }];
    });
  });
}
