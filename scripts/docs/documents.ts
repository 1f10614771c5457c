import { roomRows } from '../layers.ts';
import { markdownTable } from '../../src/metrics/text-table.ts';
import { documentBlocks } from './readme-blocks.ts';
import { metricBlocks } from './metric-blocks.ts';
import { migrationBlocks } from './migration-blocks.ts';

/** A document with generated parts. */
export interface GeneratedDocument {
  /** Path below the repository's root. */
  readonly file: string;
  /** Its generated parts by name. */
  readonly blocks: () => Promise<ReadonlyMap<string, string>> | ReadonlyMap<string, string>;
}

/** Every document with generated parts. */
export const documents: readonly GeneratedDocument[] = [
  { file: 'README.md', blocks: documentBlocks },
  {
    file: 'docs/architecture.md',
    blocks: () => new Map([['rooms', markdownTable(['room', 'holds', 'may import'], roomRows())]]),
  },
  { file: 'docs/metrics.md', blocks: metricBlocks },
  { file: 'docs/migration.md', blocks: migrationBlocks },
];
