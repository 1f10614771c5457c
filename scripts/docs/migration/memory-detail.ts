import type { Move } from './moves.ts';

const lists = ['active_anon', 'inactive_anon', 'active_file', 'inactive_file', 'unevictable'];

/**
 * The place of a key of the kernel's `memory.stat` in profile `semconv`, as far as it is off by default there.
 */
export function detailOf(key: string, changes = ''): Move {
  const name = nameOf(key.replace(/^total_/, ''));
  return [name, [changes, 'off by default'].filter((text) => text !== '').join('; ')];
}

function nameOf(key: string): string {
  if (lists.includes(key)) return `container.memory.linux.lru.usage{container.memory.linux.lru.list=${key}}`;
  const operation = operations.get(key);
  if (operation !== undefined)
    return `container.paging.linux.operations{container.paging.linux.operation=${operation}}`;
  const state = states.get(key);
  if (state !== undefined)
    return `container.memory.linux.page_cache.usage{container.memory.linux.page_cache.state=${state}}`;
  if (key === 'rss_huge') return 'container.memory.linux.transparent_hugepages.usage';
  return 'container.memory.linux.usage{container.memory.linux.type=page_cache}';
}

const operations: ReadonlyMap<string, string> = new Map([
  ['pgpgin', 'charge'],
  ['pgpgout', 'uncharge'],
  ['pgscan', 'scan'],
  ['pgsteal', 'steal'],
]);

const states: ReadonlyMap<string, string> = new Map([
  ['mapped_file', 'mapped'],
  ['dirty', 'dirty'],
  ['writeback', 'writeback'],
]);
